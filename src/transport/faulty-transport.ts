import { systemClock, type Clock } from '../base/clock.ts';
import { createKernelError } from '../base/kernel-error.ts';
import { createRandom } from '../base/seeded-random.ts';
import { closedHere } from './closed-here.ts';
import { checkPlan, momentOf, type FaultDone, type FaultPlan } from './faults/fault-plan.ts';
import { createFaultyWay } from './faults/faulty-way.ts';
import type { Channel, Transport } from './transport.ts';

export { checkPlan } from './faults/fault-plan.ts';
export type { FaultDone, FaultPlan, Span, WayFaults } from './faults/fault-plan.ts';

/** Where no channel follows, what is late comes by then. */
const longestLingerMs = 10_000;

/** What channels to a relay that broke have left behind, to be said once the next one there has carried a frame that way. */
interface Leftovers {
  readonly down: string[];
  readonly up: (() => void)[];
}

/**
 * A transport whose channels fail as the plan says, and else carry what `inner` carries. For tests and for trying an app
 * out: what the plan breaks is found and mended as a real fault is. `clock` times the faults; default: the system's. `done`
 * hears of each fault as it happens.
 */
export function faultyTransport(
  inner: Transport,
  plan: FaultPlan,
  {
    clock = systemClock,
    done = () => {},
  }: { readonly clock?: Clock; readonly done?: (what: FaultDone) => void } = {},
): Transport {
  checkPlan(plan);
  const sinceMs = clock.nowMs();
  let openedCount = 0;
  const leftAt = new Map<string, Leftovers>();

  return {
    name: inner.name,
    open(url, on) {
      // A channel's faults are its own, and so are those of a direction: what comes the other way moves none of them.
      const [upSeed, downSeed, ownRandom] = seedsOf(plan.seed, openedCount++);
      const left = leftAt.get(url.href) ?? { down: [], up: [] };
      leftAt.set(url.href, left);
      let channel: Channel | undefined;
      let isOpen = false;
      let hasEnded = false;
      let isLingering = false;
      let cancelLife = () => {};

      const up = createFaultyWay({
        faults: plan.up ?? {},
        random: createRandom(upSeed),
        ...{ clock, sinceMs, done },
        arrived(frame) {
          channel?.send(frame);
          for (const sayLate of left.up.splice(0)) sayLate();
        },
        breakChannel,
      });
      const down = createFaultyWay({
        faults: plan.down ?? {},
        random: createRandom(downSeed),
        ...{ clock, sinceMs, done },
        arrived(frame) {
          on.received(frame);
          for (const old of left.down.splice(0)) if (!hasEnded) on.received(old);
        },
        breakChannel,
      });

      function breakChannel(): void {
        if (!hasEnded) done('broken');
        end(() => on.closed(brokenOnPurpose(url)));
      }

      function refuse(): void {
        done('refused');
        end(() => on.closed(brokenOnPurpose(url)));
      }

      function opened(): void {
        if (hasEnded) return;
        isOpen = true;
        on.opened();
        const lifeMs = plan.lifeMs === undefined ? Infinity : momentOf(plan.lifeMs, ownRandom());
        if (Number.isFinite(lifeMs)) cancelLife = clock.after(lifeMs, breakChannel);
      }

      function end(tell: () => void, code?: number, reason?: string): void {
        if (hasEnded) return;
        hasEnded = true;
        isOpen = false;
        cancelLife();
        left.down.push(...down.end());
        const late = up.end();
        isLingering = late.length > 0;
        if (isLingering) linger(late);
        else channel?.close(code, reason);
        tell();
      }

      /** The relay goes on with this channel until what is late was said on it. */
      function linger(frames: readonly string[]): void {
        const cancel = clock.after(longestLingerMs, sayLate);
        left.up.push(sayLate);

        function sayLate(): void {
          cancel();
          if (isLingering) for (const frame of frames) channel?.send(frame);
          isLingering = false;
          channel?.close();
        }
      }

      if (ownRandom() < (plan.refuse ?? 0)) queueMicrotask(refuse);
      else {
        channel = inner.open(url, {
          opened: () => down.whenThrough(opened),
          received: down.take,
          closed(error) {
            isLingering = false;
            if (hasEnded) return;
            down.whenThrough(() => end(() => on.closed(error)));
          },
        });
      }

      return {
        send(frame) {
          if (isOpen) up.take(frame);
        },
        get bufferedBytes() {
          return hasEnded ? 0 : up.heldLength + (channel?.bufferedBytes ?? 0);
        },
        close: (code, reason) => end(() => on.closed(closedHere()), code, reason),
      };
    },
  };
}

function seedsOf(seed: number, channel: number): [up: number, down: number, own: () => number] {
  const random = createRandom(seed + channel * 0x9e3779b1);
  const whole = () => Math.floor(random() * 2 ** 32);
  return [whole(), whole(), random];
}

function brokenOnPurpose({ host }: URL) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The connection to the relay at ${host} was broken by a fault plan. It is opened again by itself; without the plan it stays.`,
    { details: { byFaultPlan: true } },
  );
}
