import { expect, it } from 'vitest';
import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { KnownCounts } from '../engine/known-counts.ts';
import { createLadder } from './ladder.ts';
import { createRungWaits } from './rung-waits.ts';
import type { RungName } from './rungs.ts';

function setUp() {
  const clock = createFakeClock(0);
  const refusals: Partial<Record<RungName, KernelError>> = {};
  const ladder = createLadder({
    clock,
    canSave: () => true,
    isComplete: () => true,
    onPending: () => {},
    onDone: (id) => waits.done(id),
    onConfirmed: () => {},
    onChange: () => {},
  });
  ladder.useRelays(['r']);
  let settle: (leftBehind?: ReadonlyMap<string, KnownCounts>) => void = () => {};
  const settled = new Promise<ReadonlyMap<string, KnownCounts>>(
    (resolve) => (settle = (leftBehind = new Map()) => resolve(leftBehind)),
  );
  const waits = createRungWaits({ ladder, clock, settled, refusal: (rung) => refusals[rung] });
  return { clock, ladder, waits, settle, refusals };
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
