import { expect, it, vi } from 'vitest';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { PendingEdits } from './pending-edits.ts';
import { createRungWaits } from './rung-waits.ts';
import type { RungName } from '../rungs.ts';
import type { Validity } from './validity.ts';

function setUp() {
  const refusals: Partial<Record<RungName, KernelError>> = {};
  const { clock, ladder } = createTestLadder({
    onDone: (id) => waits.done(id),
    onMissing: (id, need) => waits.missing(id, need),
    onChange: (id) => waits.changed(id),
  });
  const relay = { isSure: true };
  let settle: (leftBehind?: ReadonlyMap<string, KnownCounts>) => void = () => {};
  const settled = new Promise<ReadonlyMap<string, KnownCounts>>(
    (resolve) => (settle = (leftBehind = new Map()) => resolve(leftBehind)),
  );
  const validity: { isUpToDate: boolean } & Pick<Validity, 'unconfirmedFrom' | 'notCounted'> = {
    isUpToDate: true,
    unconfirmedFrom: () => ({ s: 0 }),
    notCounted: () => [],
  };
  const waits = createRungWaits({
    ladder,
    clock,
    settled,
    isCertain: () => relay.isSure,
    validity,
    refusal: (rung) => refusals[rung],
  });
  return { clock, ladder, waits, validity, relay, settle, refusals };
}

/** The promise's current state. */
async function fateOf(promise: Promise<void>): Promise<string> {
  const pending = new Promise<string>((resolve) => setImmediate(() => resolve('pending')));
  return Promise.race([
    promise.then(
      () => 'resolved',
      (error: KernelError) => error.code,
    ),
    pending,
  ]);
}

it('[LADDER-7] resolves when the edits made before the call have reached the rung', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { s: 2 });
  const saved = waits.when('saved');
  const confirmed = waits.when('confirmed', 'co_z1');
  ladder.edited('co_z1', { s: 3 });
  ladder.edited('co_z2', { s: 1 });
  ladder.saved('co_z1', { s: 1 });
  waits.check();
  expect(await fateOf(saved)).toBe('pending');
  ladder.saved('co_z1', { s: 2 });
  waits.check();
  expect(await fateOf(saved)).toBe('resolved');
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.confirmed('co_z1', { s: 2 }, 'r');
  waits.check();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('resolves at once if nothing waits, and sends no request for edits that others wait for', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { s: 1 });
  await waits.when('confirmed', 'co_z2');
  expect(await fateOf(waits.when('confirmed'))).toBe('pending');
});

it('[LADDER-6] waits for edits of an earlier run, once they are known', async () => {
  const { ladder, waits, settle } = setUp();
  const confirmed = waits.when('confirmed');
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.edited('co_z1', { s: 1 });
  ladder.saved('co_z1', { s: 1 });
  ladder.edited('co_z2', { s: 1 }); // An edit made after the call.
  settle(new Map([['co_z1', { s: 1 }]]));
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.confirmed('co_z1', { s: 1 }, 'r');
  waits.check();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('is not delayed by edits made after those it waits for', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { s: 1 });
  const confirmed = waits.when('confirmed');
  ladder.saved('co_z1', { s: 1 });
  ladder.confirmed('co_z1', { s: 1 }, 'r');
  ladder.edited('co_z1', { s: 2 });
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('waits for the deletion if its CoValue is deleted meanwhile', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { header: 1, s: 1 });
  const confirmed = waits.when('confirmed');
  ladder.edited('co_z1', { d$: 1 });
  ladder.deleted('co_z1', { d$: 1 });
  ladder.confirmed('co_z1', { header: 1 }, 'r');
  waits.check();
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.confirmed('co_z1', { d$: 1 }, 'r');
  waits.check();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('[LADDER-8] ends by timeout, by its signal, when it becomes hopeless, and with the sync', async () => {
  const { clock, ladder, waits, settle, refusals } = setUp();
  settle();
  ladder.edited('co_z1', { s: 1 });
  const timed = waits.when('confirmed', undefined, { timeoutMs: 1_000 });
  const abort = new AbortController();
  const aborted = waits.when('confirmed', undefined, { signal: abort.signal });
  const hopeless = waits.when('durable');
  const ended = waits.when('saved');
  clock.advance(999);
  expect(await fateOf(timed)).toBe('pending');
  clock.advance(1);
  abort.abort();
  refusals.durable = createKernelError('DURABILITY_NOT_OFFERED', 'x');
  waits.check();
  expect(await Promise.all([timed, aborted, hopeless, ended].map(fateOf))).toEqual([
    'TIMEOUT',
    'ABORTED',
    'DURABILITY_NOT_OFFERED',
    'pending',
  ]);
  waits.close(createKernelError('SESSION_CLOSED', 'x'));
  expect(await Promise.all([ended, waits.when('saved')].map(fateOf))).toEqual([
    'SESSION_CLOSED',
    'SESSION_CLOSED',
  ]);
  expect(clock.waiting).toBe(0);
});

it('rejects an invalid CoValue ID, and a signal that is already aborted', async () => {
  const { waits } = setUp();
  expect(await fateOf(waits.when('saved', 'my list'))).toBe('MESSAGE_INVALID');
  expect(await fateOf(waits.when('saved', undefined, { signal: AbortSignal.abort() }))).toBe('ABORTED');
});

it('looks at the waits of one CoValue only, however many others there are', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  const ids = Array.from({ length: 1_000 }, (_, n) => `co_z${(n + 9 ** 4).toString(9).replaceAll('0', '9')}`);
  for (const id of ids) ladder.edited(id, { s: 1 });
  const get = vi.spyOn(ladder.pending as Map<string, PendingEdits>, 'get');
  const promises = ids.map((id) => waits.when('confirmed', id));
  expect(get.mock.calls.length).toBeLessThan(5 * ids.length);
  get.mockClear();
  for (const id of ids) {
    ladder.confirmed(id, { s: 1 }, 'r');
    waits.check();
  }
  await Promise.all(promises);
  expect(get.mock.calls.length).toBeLessThan(10 * ids.length);
});

it('[CONF-15] resolves only when all edits are judged', async () => {
  const { ladder, waits, validity, settle } = setUp();
  settle();
  ladder.edited('co_z1', { s: 1 });
  const confirmed = waits.when('confirmed');
  validity.isUpToDate = false;
  ladder.confirmed('co_z1', { s: 1 }, 'r');
  waits.check();
  expect(await fateOf(confirmed)).toBe('pending');
  validity.isUpToDate = true;
  waits.check();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('[CONF-15] rejects for edits in the range that it waited for, at the rungs of relays', async () => {
  const { ladder, waits, validity, settle } = setUp();
  settle();
  const uncounted = { sessionID: 's', madeAt: 1, reason: 'no-access', message: 'No.' } as const;
  validity.unconfirmedFrom = () => ({ s: 1 });
  ladder.edited('co_z1', { s: 2 });
  const [sent, confirmed, durable] = (['sent', 'confirmed', 'durable'] as const).map((rung) =>
    waits.when(rung),
  );
  validity.unconfirmedFrom = () => ({ s: 2 });
  ladder.edited('co_z1', { s: 3 });
  const later = waits.when('confirmed');
  validity.notCounted = () => [
    { ...uncounted, index: 0 },
    { ...uncounted, index: 1 },
  ];
  ladder.confirmed('co_z1', { s: 3 }, 'r');
  waits.check();
  await expect(confirmed).rejects.toMatchObject({
    code: 'EDIT_NOT_COUNTED',
    details: { ids: ['co_z1'], reasons: ['no-access'] },
  });
  await expect(durable).rejects.toMatchObject({ code: 'EDIT_NOT_COUNTED' });
  await expect(sent).resolves.toBeUndefined();
  await expect(later).resolves.toBeUndefined();
});

it('waits also for what a relay in doubt turns out to lack, and not for what a sure one has yet to get', async () => {
  const { ladder, waits, relay, settle } = setUp();
  settle();
  relay.isSure = false;
  const all = waits.when('confirmed');
  const other = waits.when('confirmed', 'co_z2');
  const saved = waits.when('saved');
  expect(await fateOf(saved)).toBe('resolved');
  ladder.missing('co_z1', { s: 1 }, 'r');
  relay.isSure = true;
  ladder.missing('co_z2', { t: 1 }, 'r');
  waits.check();
  expect([await fateOf(all), await fateOf(other)]).toEqual(['pending', 'resolved']);
  ladder.confirmed('co_z1', { s: 1 }, 'r');
  waits.check();
  expect(await fateOf(all)).toBe('resolved');
});

it('waits for what another tab was the first to find lost, while the relay is in doubt', async () => {
  const { ladder, waits, relay, settle } = setUp();
  settle();
  relay.isSure = false;
  const confirmed = waits.when('confirmed');
  const need = { header: 1, 'other tab': 2 };
  ladder.recalled('co_z1', { need, sinceMs: 0, confirmed: new Map(), generations: new Map() }, true);
  relay.isSure = true;
  waits.check();
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.confirmed('co_z1', need, 'r');
  waits.check();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('waits for what was lost of a session to which its tab has added since the call', async () => {
  const { ladder, waits, relay, settle } = setUp();
  settle();
  relay.isSure = false;
  const confirmed = waits.when('confirmed');
  ladder.savedElsewhere('co_z1', { 'other tab': 2 });
  ladder.missing('co_z1', { 'other tab': 2 }, 'r');
  relay.isSure = true;
  waits.check();
  expect(await fateOf(confirmed)).toBe('pending');
});

it('waits for a lost header while a later edit of its CoValue is pending', async () => {
  const { ladder, waits, validity, relay, settle } = setUp();
  settle();
  relay.isSure = false;
  ladder.edited('co_z1', { header: 1 });
  const confirmed = waits.when('confirmed');
  ladder.edited('co_z1', { s: 1 });
  ladder.confirmed('co_z1', { header: 1 }, 'r');
  waits.check();
  validity.unconfirmedFrom = () => ({ header: 1, s: 0 });
  ladder.missing('co_z1', { header: 1 }, 'r');
  relay.isSure = true;
  waits.check();
  expect(await fateOf(confirmed)).toBe('pending');
});

it('does not wait for an edit made after the call, though the relay lacks it while it is in doubt', async () => {
  const { ladder, waits, relay, settle } = setUp();
  settle();
  relay.isSure = false;
  const confirmed = waits.when('confirmed');
  ladder.edited('co_z1', { s: 1 });
  // The relay's first answer about the CoValue is older than the edit: `RelayEvidence.handled` does this.
  ladder.missing('co_z1', { s: 1 }, 'r');
  relay.isSure = true;
  waits.check();
  expect(await fateOf(confirmed)).toBe('resolved');
});
