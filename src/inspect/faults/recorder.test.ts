import type { LocalNode, RawCoMap, SyncMessage } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync, type FakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createReadable } from '../../base/readable.ts';
import { inspectionOf } from '../../sync/inspection.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import { createRecorder, type Recorder } from './recorder.ts';

let node: LocalNode;
let map: RawCoMap;
let sync: FakeSync;
const known = (): SyncMessage => ({ action: 'known', ...map.core.knownState() });

beforeEach(async () => {
  node = await createAccountNode();
  map = node.createGroup().createMap();
  sync = createFakeSync(node, 1_000);
});

function recorder(maxBytes: number): Recorder {
  const inspection = inspectionOf(sync);
  if (!inspection) throw new Error('a fake sync can be inspected');
  const clock = createFakeClock(1_000);
  return createRecorder({ inspection, clock, faults: createReadable(undefined), relays: () => [], maxBytes });
}

describe('a recorder', () => {
  it('stops automatically before it is full, and returns what it has', async () => {
    const { begin, recording } = recorder(40_000);
    const { stop } = begin();
    for (let count = 0; count < 1_000; count++) sync.message('received', known(), 10, 2_000);
    expect(recording.current).toEqual({ sinceMs: 1_000, endedAtMs: 1_000, why: 'full' });
    expect(sync.hasTap).toBe(false);
    const text = stop();
    expect(text.split('\n').filter((line) => line.includes('"arrived"')).length).toBeGreaterThan(10);
    // The end line is always added, even beyond the limit.
    expect(text.slice(0, text.lastIndexOf('{"kind":"end"')).length).toBeLessThanOrEqual(40_000);
    const inspector = createInspector(sync);
    const { replay } = await inspector.controls.replay(text);
    expect([replay?.why, replay?.difference]).toEqual(['full', undefined]);
    expect(recording.current).toBeUndefined();
  });

  it('rejects a node that exceeds its size, and leaves no listener', () => {
    const { begin, recording } = recorder(1_000);
    expect(begin).toThrow(/exceeds the maximum size of a recording/);
    expect([recording.current, sync.hasTap]).toEqual([undefined, false]);
  });

  it('counts received messages, not sent ones', () => {
    const own = recorder(1_000_000);
    const { stop } = own.begin();
    const before = own.now;
    sync.message('sent', known(), 10, 2_000);
    expect(own.now).toBe(before);
    sync.message('received', known(), 10, 2_000);
    expect(own.now?.messages).toBe(1);
    expect(own.now?.bytes).toBeGreaterThan(before?.bytes ?? Infinity);
    const arrived = stop()
      .split('\n')
      .find((line) => line.includes('"arrived"'));
    expect(JSON.parse(arrived ?? '')).toEqual({
      kind: 'arrived',
      atMs: 2_000,
      peerID: 'fake-relay',
      message: known(),
    });
  });
});
