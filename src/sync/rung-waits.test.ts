import { expect, it } from 'vitest';
import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { Coverage } from '../engine/known-counts.ts';
import { createLadder } from './ladder.ts';
import { createRungWaits, type WaitedRung } from './rung-waits.ts';

function setUp() {
  const clock = createFakeClock(0);
  const refusals: Partial<Record<WaitedRung, KernelError>> = {};
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
  let settle: (leftBehind?: ReadonlyMap<string, Coverage>) => void = () => {};
  const settled = new Promise<ReadonlyMap<string, Coverage>>(
    (resolve) => (settle = (leftBehind = new Map()) => resolve(leftBehind)),
  );
  const waits = createRungWaits({ ladder, clock, settled, refusal: (rung) => refusals[rung] });
  return { clock, ladder, waits, settle, refusals };
}

/** What has become of a promise by now. */
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

it('resolves when the edits that were made until the call have got there', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { s: 2 });
  const saved = waits.when('saved');
  const confirmed = waits.when('confirmed', 'co_z1');
  ladder.edited('co_z1', { s: 3 });
  ladder.edited('co_z2', { s: 1 });
  ladder.saved('co_z1', { s: 1 });
  waits.look();
  expect(await fateOf(saved)).toBe('pending');
  ladder.saved('co_z1', { s: 2 });
  waits.look();
  expect(await fateOf(saved)).toBe('resolved');
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.confirmed('co_z1', { s: 2 }, 'r');
  waits.look();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('resolves at once where nothing waits, and asks for nothing that others wait for', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { s: 1 });
  await waits.when('confirmed', 'co_z2');
  expect(await fateOf(waits.when('confirmed'))).toBe('pending');
});

it('waits for what an earlier run left behind, once that is known', async () => {
  const { ladder, waits, settle } = setUp();
  const confirmed = waits.when('confirmed');
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.edited('co_z1', { s: 1 });
  ladder.saved('co_z1', { s: 1 });
  ladder.edited('co_z2', { s: 1 }); // After the call.
  settle(new Map([['co_z1', { s: 1 }]]));
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.confirmed('co_z1', { s: 1 }, 'r');
  waits.look();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('is not held up by edits that came after what it waits for had got everywhere', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { s: 1 });
  const confirmed = waits.when('confirmed');
  ladder.saved('co_z1', { s: 1 });
  ladder.confirmed('co_z1', { s: 1 }, 'r');
  ladder.edited('co_z1', { s: 2 });
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('of a CoValue that is deleted meanwhile, waits for the deletion', async () => {
  const { ladder, waits, settle } = setUp();
  settle();
  ladder.edited('co_z1', { header: 1, s: 1 });
  const confirmed = waits.when('confirmed');
  ladder.edited('co_z1', { d$: 1 });
  ladder.deleted('co_z1', { d$: 1 });
  ladder.confirmed('co_z1', { header: 1 }, 'r');
  waits.look();
  expect(await fateOf(confirmed)).toBe('pending');
  ladder.confirmed('co_z1', { d$: 1 }, 'r');
  waits.look();
  expect(await fateOf(confirmed)).toBe('resolved');
});

it('ends by time, by its signal, by what makes it hopeless, and with the sync', async () => {
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
  waits.look();
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

it('refuses what is no CoValue’s id, and a signal that is aborted already', async () => {
  const { waits } = setUp();
  expect(await fateOf(waits.when('saved', 'my list'))).toBe('MESSAGE_INVALID');
  expect(await fateOf(waits.when('saved', undefined, { signal: AbortSignal.abort() }))).toBe('ABORTED');
});
