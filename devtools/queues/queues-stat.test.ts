import { expect, it } from 'vitest';
import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import { describeHeldBack, queuesStat } from './queues-stat.ts';

const queue = {
  depth: { now: 0, peak: 0 },
  ...{ messagesPerSecond: 0, bytesPerSecond: 0 },
  ...{ depths: { endMs: 0, values: [] }, messages: { endMs: 0, values: [] } },
};
const none = { known: true, pending: 0 };

function statOf(pending: number, phase: 'paused' | 'connected') {
  const relay = { id: 'eu', host: 'eu', url: 'wss://eu', phase, phaseSinceMs: 0 };
  const snapshot: Pick<InspectorSnapshot, 'queues' | 'overview' | 'unsynced'> = {
    queues: { high: queue, medium: queue, low: queue, relays: [], localWrites: queue.depth },
    overview: {
      status: 'paused',
      rungs: { saved: none, sent: { known: true, pending }, confirmed: none },
      durability: 'unknown',
      storage: { kind: 'kernel', state: 'ok' },
      relays: [relay],
    },
    unsynced: [],
  };
  return { stat: queuesStat(snapshot).words, view: describeHeldBack(pending, [relay]) };
}

it('does not call the queues empty while edits wait before them', () => {
  expect(statOf(3, 'paused')).toEqual({
    stat: '3 held back',
    view: '3 CoValues held back before the queues, because sync is paused',
  });
  expect(statOf(0, 'paused').stat).toBe('empty');
  expect(statOf(3, 'connected').stat).toBe('empty');
});
