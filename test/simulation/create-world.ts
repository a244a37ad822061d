import { createHash } from 'node:crypto';
import type { RawCoID } from 'cojson';
import type { Genesis } from '../../src/session/account/genesis.ts';
import type { Scenario } from './actions.ts';
import { createConnectionFaults, type ConnectionFaults } from './connection-faults.ts';
import { createDice, takeChanceFrom, type Dice } from './random.ts';
import { createRecord, type Record as Ledger } from '../../scripts/simulation/record.ts';
import { createSimDevice, type SimDevice } from './sim-device.ts';
import { createSimRelay, type SimRelay } from '../../scripts/simulation/sim-relay.ts';
import type { SimTab } from './sim-tab.ts';
import { createTabChannels } from './tab-channels.ts';
import { beginVirtualTime, type VirtualTime } from './virtual-time.ts';

/** What is simulated, at this moment. */
export interface World {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly relays: readonly SimRelay[];
  readonly devices: readonly SimDevice[];
  /** All tabs that run. */
  readonly tabs: readonly SimTab[];
  /** The CoValues that the app knows of. */
  readonly known: Set<RawCoID>;
  readonly record: Ledger;
  readonly faults: ConnectionFaults;
  /** What has happened, in words. */
  readonly trace: string[];
  /** Of the trace, and of every frame that arrived. */
  readonly hash: string;
  /** How many frames have arrived. */
  readonly frames: number;
  note(what: string): void;
  heard(tab: string, relay: string, direction: 'up' | 'down', frame: string): void;
  nextTabName(device: SimDevice): string;
  end(): void;
}

export function createWorld(
  seed: number,
  accounts: readonly [Genesis, Genesis],
  options: { readonly devices: number; readonly relays: number; readonly scenario: Scenario },
): World {
  const { scenario } = options;
  const dice = createDice(seed);
  const giveChanceBack = takeChanceFrom(createDice(seed ^ 0x5eed));
  const time = beginVirtualTime();
  const startMs = time.nowMs();
  const network = createDice(seed ^ 0x7e7);
  const relays = Array.from({ length: options.relays }, (_, index) =>
    createSimRelay(`relay-${index + 1}`, time, network, { mayTell: scenario.epochs }),
  );
  const between = createDice(seed ^ 0x7ab5);
  const devices = Array.from({ length: options.devices }, (_, index) => {
    // The second person has every third device.
    const genesis = index % 3 === 2 ? accounts[1] : accounts[0];
    const mostTabs = between.between(1, scenario.tabs);
    return createSimDevice(`device-${index + 1}`, genesis, {
      mostTabs,
      channels: scenario.tabs > 1 ? createTabChannels(time, between) : undefined,
    });
  });
  const trace: string[] = [];
  const hash = createHash('sha256');
  let tabCount = 0;
  let frames = 0;

  function note(what: string): void {
    const line = `${((time.nowMs() - startMs) / 1_000).toFixed(3)} ${what}`;
    trace.push(line);
    hash.update(`${line}\n`);
  }

  const world: World = {
    time,
    dice,
    relays,
    devices,
    get tabs() {
      return devices.flatMap(({ tabs }) => tabs);
    },
    known: new Set(),
    record: createRecord(() => world),
    faults: createConnectionFaults(createDice(seed ^ 0xfa17), {
      ...scenario,
      mayRepeat: !scenario.restores,
    }),
    trace,
    get hash() {
      return hash.copy().digest('hex');
    },
    note,
    get frames() {
      return frames;
    },
    heard(tab, relay, direction, frame) {
      frames++;
      hash.update(`${time.nowMs()} ${tab} ${relay} ${direction} ${frame}\n`);
    },
    nextTabName: ({ name }) => `${name}/tab-${++tabCount}`,
    end() {
      time.end();
      giveChanceBack();
    },
  };
  return world;
}
