import { createHash } from 'node:crypto';
import type { RawCoID } from 'cojson';
import type { Genesis } from '../../src/session/account/genesis.ts';
import { createConnectKills } from './connect-kills.ts';
import { createConnectionFaults } from './connection-faults.ts';
import { createLedger } from './ledger.ts';
import { keys } from './edits.ts';
import { createHistoryRecorder } from './record-history.ts';
import { createDice, takeChanceFrom } from './random.ts';
import { createRelayWords } from './relay-words.ts';
import { createSessionIDs } from './session-ids.ts';
import { createSimDevice } from './sim-device.ts';
import { createSimRelay } from './sim-relay.ts';
import { createTabChannels } from './tab-channels.ts';
import { createTabLocks } from './tab-locks.ts';
import { beginVirtualTime } from './virtual-time.ts';
import type { Scenario, World } from './world.ts';

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
  const removed = new Set<RawCoID>();
  const words = createRelayWords();
  const retryDice = createDice(seed ^ 0x3e7);
  const stockDice = scenario.stock ? createDice(seed ^ 0x570c) : undefined;
  const relays = Array.from({ length: options.relays }, (_, index) =>
    createSimRelay(`relay-${index + 1}`, time, network, {
      random: () => retryDice.between(0, 999) / 1_000,
      mayChangeEpoch: scenario.epochs,
      beginsStock: stockDice?.chance(40) ?? false,
      removed,
      words,
    }),
  );
  const channelDice = createDice(seed ^ 0x7ab5);
  const lockDice = createDice(seed ^ 0x10c5);
  const idDice = createDice(seed ^ 0x1d5);
  const copyDice = createDice(seed ^ 0xc0b1);
  const devices = Array.from({ length: options.devices }, (_, index) => {
    // Every third device belongs to the second person, or every second one, which may lose their role.
    const isSecond = scenario.roles ? index % 2 === 1 : index % 3 === 2;
    const genesis = accounts[isSecond ? 1 : 0];
    const maxTabs = channelDice.between(1, scenario.tabs);
    return createSimDevice(`device-${index + 1}`, genesis, {
      maxTabs,
      channels: scenario.tabs > 1 ? createTabChannels(time, channelDice) : undefined,
      locks: scenario.locks ? createTabLocks(time, lockDice) : undefined,
      sessionIDs: scenario.reusedIDs || scenario.copies ? createSessionIDs(idDice) : undefined,
    });
  });
  const trace: string[] = [];
  const hash = createHash('sha256');
  let tabCount = 0;
  let frames = 0;

  function note(event: string): void {
    const line = `${((time.nowMs() - startMs) / 1_000).toFixed(3)} ${event}`;
    trace.push(line);
    hash.update(`${line}\n`);
  }

  const world: World = {
    isOver: false,
    scenario,
    time,
    dice,
    relays,
    devices,
    get tabs() {
      return devices.flatMap(({ tabs }) => tabs);
    },
    known: new Set(),
    removed,
    ledger: createLedger(() => world),
    history: createHistoryRecorder(keys, ['everyone', ...accounts.map(({ accountID }) => accountID)], {
      followsPlaces: !scenario.copies,
    }),
    faults: createConnectionFaults(createDice(seed ^ 0xfa17), {
      ...scenario,
      mayRepeat: !scenario.restores && !scenario.stock,
    }),
    copyDevice({ genesis, maxTabs, sessionIDs, disk, relays: remembered }) {
      const parts = {
        maxTabs,
        channels: scenario.tabs > 1 ? createTabChannels(time, copyDice) : undefined,
        locks: scenario.locks ? createTabLocks(time, copyDice) : undefined,
        sessionIDs: sessionIDs?.copy(copyDice),
      };
      const copied = { disk, relays: remembered };
      const copy = createSimDevice(`device-${devices.length + 1}`, genesis, parts, copied);
      devices.push(copy);
      return copy;
    },
    connectKills: createConnectKills(scenario.connectKills ? createDice(seed ^ 0x4111) : undefined),
    httpDice: scenario.http ? createDice(seed ^ 0x477b) : undefined,
    hostileDice: scenario.absentAuthors ? createDice(seed ^ 0xab5e) : undefined,
    words,
    lateRecords: scenario.lateRecords ? createDice(seed ^ 0x1a7e) : undefined,
    trace,
    get hash() {
      return hash.copy().digest('hex');
    },
    note,
    get frames() {
      return frames;
    },
    received(tab, relay, direction, frame) {
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
