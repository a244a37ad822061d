import { createHttpTransport } from '../../src/transport/http-transport.ts';
import { faultyTransport, type FaultPlan, type WayFaults } from '../../src/transport/faulty-transport.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { createWebSocketTransport } from '../../src/transport/web-socket.ts';
import type { SyncPlatform } from '../../src/sync/begin-sync.ts';
import type { Dice } from './random.ts';

/** Faults that apply to all connections of a page. */
export interface ConnectionFaults {
  /** The plan for a new page; undefined for a page without faults. */
  plan(): FaultPlan | undefined;
  readonly areOver: boolean;
  end(): void;
}

/**
 * Half of the pages have a bad connection. `mayRepeat`: frames from a relay may arrive late, on the next connection.
 * Not in runs with restores or stock servers: no real network does that, and the kernel would accept confirmations from
 * before a restore, or of the other server.
 */
export function createConnectionFaults(
  dice: Dice,
  { faults, mayRepeat }: { readonly faults: boolean; readonly mayRepeat: boolean },
): ConnectionFaults {
  let areOver = !faults;
  return {
    plan() {
      if (areOver || dice.chance(50)) return undefined;
      return {
        seed: dice.between(1, 2 ** 30),
        refuse: dice.chance(30) ? 0.2 : 0,
        ...(dice.chance(30) && { lifeMs: [dice.between(500, 5_000), dice.between(5_000, 90_000)] }),
        up: { ...wayFaults(dice), ...(dice.chance(40) && { reorder: lateTail(dice) }) },
        down: { ...wayFaults(dice), ...(mayRepeat && dice.chance(20) && { reorder: lateTail(dice) }) },
      };
    },
    get areOver() {
      return areOver;
    },
    end: () => void (areOver = true),
  };
}

function wayFaults(dice: Dice): WayFaults {
  return {
    ...(dice.chance(30) && { close: dice.between(1, 10) / 1_000 }),
    ...(dice.chance(40) && { stall: { chance: dice.between(1, 30) / 1_000, ms: [50, 15_000] } }),
    ...(dice.chance(30) && { delayMs: [0, dice.between(10, 400)] }),
    ...(dice.chance(40) && {
      dropTail: { chance: dice.between(1, 20) / 1_000, breaksAfterMs: [0, dice.between(1, 20_000)] },
    }),
    ...(dice.chance(40) && { duplicate: dice.between(1, 100) / 1_000 }),
    ...(dice.chance(15) && { charactersPerSecond: dice.between(2_000, 50_000) }),
  };
}

function lateTail(dice: Dice) {
  const breaksAfterMs = [0, dice.between(1, 8_000)] as const;
  return { chance: dice.between(1, 20) / 1_000, breaksAfterMs };
}

/** The kernel's transports with these faults until they end; undefined for the kernel's default transports. */
export function transportsWith(
  faults: ConnectionFaults,
  platform: SyncPlatform,
): readonly Transport[] | undefined {
  const plan = faults.plan();
  if (!plan) return undefined;
  const sound = createWebSocketTransport((to) => platform.openWebSocket(to));
  const faulty = faultyTransport(sound, plan, platform);
  const first: Transport = {
    name: sound.name,
    open: (url, on) => (faults.areOver ? sound : faulty).open(url, on),
  };
  return [first, createHttpTransport(platform)];
}
