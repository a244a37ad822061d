import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync, fakePeerID, type FakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import type { ChannelEvents, Transport } from '../../transport/transport.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';

let clock: FakeClock;
let sync: FakeSync;
let inspector: Inspector;

beforeEach(async () => {
  clock = createFakeClock(1_000);
  sync = createFakeSync(await createAccountNode(), 1_000);
  inspector = createInspector(sync, { clock, stopwatchMs: () => 0 });
});

const memory: Transport = {
  name: 'memory',
  open(_url, on) {
    on.opened();
    return { send: () => {}, bufferedBytes: 0, close: () => {} };
  },
};

/** Opens a channel to a relay as the kernel would now, and returns what happened to it. */
async function dial(relayID = fakePeerID): Promise<string[]> {
  const told: string[] = [];
  const on: ChannelEvents = {
    opened: () => told.push('opened'),
    received: () => {},
    closed: ({ code }) => told.push(code),
  };
  (sync.wrap?.(memory, relayID) ?? memory).open(new URL('wss://relay.example/sync'), on);
  await Promise.resolve();
  return told;
}

describe('setFaults', () => {
  it('wraps the transports of relays, and reconnects', async () => {
    inspector.controls.setFaults({ seed: 7, refuse: 1 }, { name: 'Offline', forMs: 60_000 });
    expect(sync.calls).toEqual(['redial']);
    expect(await dial()).toEqual(['RELAY_UNREACHABLE']);
    const set = {
      name: 'Offline',
      plan: { seed: 7, refuse: 1 },
      ...{ seed: 7, sinceMs: 1_000, endsAtMs: 61_000 },
    };
    expect(inspector.faults.current).toEqual(set);
    const none = { refused: 0, broken: 0, lost: 0, held: 0, repeated: 0, late: 0 };
    expect(inspector.snapshot().faults).toEqual({ ...set, done: { ...none, refused: 1 } });
    expect(inspector.snapshot().faults).toBe(inspector.snapshot().faults);
  });

  it('[PANEL-8] ends automatically, and notifies subscribers', async () => {
    inspector.controls.setFaults({ seed: 7, refuse: 1 }, { forMs: 60_000 });
    clock.advance(59_999);
    expect(inspector.faults.current).toBeDefined();
    clock.advance(1);
    expect([inspector.faults.current, inspector.snapshot().faults, sync.wrap]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(sync.calls).toEqual(['redial', 'redial']);
    expect(await dial()).toEqual(['opened']);
    expect(clock.waiting).toBe(0);
  });

  it('ends with undefined or with the inspector, and is idempotent', () => {
    inspector.controls.setFaults({ seed: 7, refuse: 1 });
    inspector.controls.setFaults(undefined);
    inspector.controls.setFaults(undefined);
    expect(sync.calls).toEqual(['redial', 'redial']);
    inspector.controls.setFaults({ seed: 7, refuse: 1 });
    inspector.close();
    inspector.close();
    expect([sync.wrap, sync.calls.length, clock.waiting]).toEqual([undefined, 4, 0]);
  });

  it('leaves other relays alone', async () => {
    inspector.controls.setFaults({ seed: 7, refuse: 1 }, { relayIDs: [fakePeerID] });
    expect(await dial('another')).toEqual(['opened']);
    expect(await dial()).toEqual(['RELAY_UNREACHABLE']);
  });

  it('gives each channel different faults, which the same seed reproduces', async () => {
    async function tenAttempts(seed: number): Promise<string> {
      inspector.controls.setFaults({ seed, refuse: 0.5 });
      const attempts: string[] = [];
      for (let count = 0; count < 10; count++) attempts.push((await dial()).join());
      return attempts.join(' ');
    }
    const first = await tenAttempts(4127);
    expect(new Set(first.split(' ')).size).toBe(2);
    expect(await tenAttempts(4127)).toBe(first);
    expect(await tenAttempts(4128)).not.toBe(first);
  });

  it('is replaced by a plan of another inspector of the same sync', () => {
    const other = createInspector(sync, { clock });
    inspector.controls.setFaults({ seed: 1, refuse: 1 });
    other.controls.setFaults({ seed: 2, refuse: 1 });
    expect([inspector.faults.current, other.faults.current?.seed]).toEqual([undefined, 2]);
    inspector.close();
    expect(sync.wrap).toBeDefined();
    other.close();
    expect(sync.wrap).toBeUndefined();
  });

  it('rejects an invalid plan, and keeps the previous one', () => {
    const { setFaults } = inspector.controls;
    setFaults({ seed: 1, refuse: 1 });
    expect(() => setFaults({ seed: 0.5 })).toThrow(/integer/);
    expect(() => setFaults({ seed: 1, refuse: 2 })).toThrow(RangeError);
    expect(() => setFaults({ seed: 1 }, { forMs: NaN })).toThrow(/from 1 s to an hour/);
    expect(() => setFaults({ seed: 1 }, { forMs: 3_600_001 })).toThrow(RangeError);
    expect(inspector.faults.current?.plan).toEqual({ seed: 1, refuse: 1 });
  });

  it('is plain JSON even with an endless fault', () => {
    inspector.controls.setFaults({
      seed: 1,
      lifeMs: Infinity,
      up: { stall: { chance: 1, ms: [0, Infinity] } },
    });
    const { plan } = inspector.snapshot().faults ?? {};
    expect(plan).toEqual({ seed: 1, lifeMs: 3_600_000, up: { stall: { chance: 1, ms: [0, 3_600_000] } } });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});
