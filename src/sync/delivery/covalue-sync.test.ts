import { describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import type { NotCountedEdit } from '../../engine/edit-verdicts.ts';
import type { CoValueSync } from '../sync-state.ts';
import { createCoValueSyncs, type SyncPlace } from './covalue-sync.ts';

const id = 'co_zQdM9rJtUe3yKxHf8WbGa5S';
const settled: SyncPlace = {
  relayIDs: ['r'],
  durability: 'power-loss',
  storage: { kind: 'kernel', state: 'ok' },
  known: true,
  isSure: true,
  isDurable: true,
};

function create(change: Partial<SyncPlace> = {}) {
  const { ladder } = createTestLadder();
  let place = { ...settled, ...change };
  const uncounted: { edits: readonly NotCountedEdit[] } = { edits: [] };
  const syncs = createCoValueSyncs({
    pending: ladder.pending,
    place: () => ({ ...place }),
    notCounted: () => uncounted.edits,
  });
  return {
    ladder,
    syncs,
    uncounted,
    steps: () => stepsOf(syncs.of(id).current),
    move: (next: Partial<SyncPlace>) => void (place = { ...place, ...next }),
  };
}

const stepsOf = ({ saved, sent, confirmed, durable }: CoValueSync) =>
  [saved, sent, confirmed, durable].join(' ');

describe('the steps of one CoValue', () => {
  it('[LADDER-13] follow its edits', () => {
    const { ladder, steps } = create();
    expect(steps()).toBe('reached reached reached reached');
    ladder.edited(id, { s: 1 });
    expect(steps()).toBe('pending pending pending pending');
    ladder.sent(id, { s: 1 }, 'r');
    expect(steps()).toBe('pending reached pending pending');
    ladder.confirmed(id, { s: 1 }, 'r');
    expect(steps()).toBe('pending reached reached reached');
    ladder.saved(id, { s: 1 });
    expect(steps()).toBe('reached reached reached reached');
  });

  it('[LADDER-13] are unknown until the records of earlier runs are read, and while a relay may have lost data', () => {
    expect(create({ known: false }).steps()).toBe('reached unknown unknown unknown');
    expect(create({ isSure: false }).steps()).toBe('reached unknown unknown unknown');
    const { ladder, steps } = create({ known: false });
    ladder.edited(id, { s: 1 });
    ladder.confirmed(id, { s: 1 }, 'r');
    expect(steps()).toBe('pending unknown unknown unknown');
  });

  it('[CONF-13] name the edits that do not count', () => {
    const { syncs, uncounted } = create();
    const told: number[] = [];
    syncs.of(id).subscribe(({ notCounted }) => told.push(notCounted.length));
    const edit = { sessionID: 's', index: 0, madeAt: 1, reason: 'no-access', message: 'No.' } as const;
    uncounted.edits = [edit];
    syncs.publish();
    expect(told).toEqual([0, 1]);
    expect(syncs.of(id).current).toMatchObject({ confirmed: 'reached', notCounted: [edit] });
  });

  it('promise no more than the relay and this device do', () => {
    expect(create({ isDurable: false }).steps()).toBe('reached reached reached unknown');
    expect(create({ storage: { kind: 'memory', state: 'memory-only' } }).steps()).toBe(
      'unknown reached reached reached',
    );
  });

  it('fail with the reason', () => {
    const { ladder, syncs } = create();
    const error = createKernelError('MESSAGE_TOO_LARGE', 'Too large. Split it.');
    ladder.edited(id, { s: 1 });
    ladder.failed(id, error, 'r');
    expect(syncs.of(id).current).toMatchObject({ confirmed: 'failed', error, sinceMs: 0 });
  });

  it('reject an ID that no CoValue can have', () => {
    expect(() => create().syncs.of('groceries')).toThrow(
      expect.objectContaining({ code: 'MESSAGE_INVALID' }),
    );
  });
});

describe('an observed CoValue', () => {
  it('gives the same object until something changes', () => {
    const { ladder, syncs, move } = create();
    const observed = syncs.of(id);
    const before = observed.current;
    expect(observed.current).toBe(before);
    move({ relayIDs: ['r'] });
    expect(observed.current).toBe(before);
    ladder.edited(id, { s: 1 });
    expect(observed.current).not.toBe(before);
  });

  it('calls its listeners once for each change, until they unsubscribe', () => {
    const { ladder, syncs } = create();
    const told: string[] = [];
    const stop = syncs.of(id).subscribe((sync) => told.push(stepsOf(sync)));
    syncs.publish();
    ladder.edited('co_zOther', { s: 1 });
    syncs.publish();
    ladder.edited(id, { s: 1 });
    syncs.publish();
    expect(told).toEqual(['reached reached reached reached', 'pending pending pending pending']);
    stop();
    ladder.confirmed(id, { s: 1 }, 'r');
    syncs.publish();
    expect(told).toHaveLength(2);
  });
});
