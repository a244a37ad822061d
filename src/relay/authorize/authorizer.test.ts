import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Principal } from '../auth/principal.ts';
import type { Authorize, AuthorizeRequest } from './ask-within.ts';
import { createAuthorizer, maxConcurrentQuestions } from './authorizer.ts';
import { createKeptAnswers, maxKept } from './kept-answers.ts';

function setUp(authorize: Authorize) {
  const clock = createFakeClock();
  const outcomes: string[] = [];
  const logged: unknown[] = [];
  const { rightsOf } = createAuthorizer({
    authorize,
    clock,
    logger: { debug() {}, warn: (message, details) => void logged.push([message, details]) },
    decided: (outcome) => void outcomes.push(outcome),
  });
  return { clock, outcomes, logged, rightsOf, rights: rightsOf(undefined, undefined) };
}

/** Each question waits until the test answers it. */
function askable() {
  const asked: { readonly request: AuthorizeRequest; answer(value: unknown): void }[] = [];
  const authorize: Authorize = (request) =>
    new Promise<boolean>((resolve) => asked.push({ request, answer: (value) => resolve(value as boolean) }));
  return { asked, authorize };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

it('[RELAY-80] keeps a yes for 60 s and asks again then, for each action and user', () => {
  const requests: AuthorizeRequest[] = [];
  const { clock, rightsOf } = setUp((request) => requests.push(request) > 0);
  const account: Principal = { kind: 'account', id: 'co_zAlice' };
  const token: Principal = { kind: 'token', id: '["","user"]', claims: { team: 7 } };
  for (const [principal, appID] of [[account], [token, 'notes'], [undefined]] as const) {
    const rights = rightsOf(principal, appID);
    for (const action of ['load', 'load', 'content'] as const)
      expect(rights.decide('co_zA', action)).toBe(true);
    expect([rights.has('co_zA', 'load'), rights.has('co_zB', 'load')]).toEqual([true, false]);
  }
  expect(requests).toEqual([
    { accountID: 'co_zAlice', id: 'co_zA', action: 'load' },
    { accountID: 'co_zAlice', id: 'co_zA', action: 'content' },
    { claims: { team: 7 }, id: 'co_zA', action: 'load', appID: 'notes' },
    { claims: { team: 7 }, id: 'co_zA', action: 'content', appID: 'notes' },
    { id: 'co_zA', action: 'load' },
    { id: 'co_zA', action: 'content' },
  ]);
  clock.advance(59_999);
  expect(rightsOf(account, undefined).decide('co_zA', 'load')).toBe(true);
  expect(requests).toHaveLength(6);
  clock.advance(1);
  expect(rightsOf(account, undefined).has('co_zA', 'load')).toBe(false);
  expect(rightsOf(account, undefined).decide('co_zA', 'load')).toBe(true);
  expect(requests).toHaveLength(7);
  // A renewed token may grant something else.
  expect(rightsOf({ ...token, claims: { team: 8 } }, 'notes').has('co_zA', 'load')).toBe(false);
});

it('[RELAY-80] a no is not kept, and a failure counts for a second', () => {
  let answer: unknown = false;
  const { clock, rights, outcomes } = setUp(() => answer as boolean);
  expect(rights.decide('co_zA', 'load')).toBe(false);
  answer = undefined;
  expect(rights.decide('co_zA', 'load')).toBe(false);
  answer = true;
  clock.advance(999);
  expect(rights.decide('co_zA', 'load')).toBe(false);
  clock.advance(1);
  expect(rights.decide('co_zA', 'load')).toBe(true);
  expect(outcomes).toEqual(['no', 'error', 'yes']);
});

it('[RELAY-84] what is no answer within a second is a no, is counted, and is logged once a minute without an ID', async () => {
  const never = new Promise<boolean>(() => {});
  const failures: Readonly<Record<string, () => unknown>> = {
    co_zThrows() {
      throw new RangeError('about co_zThrows');
    },
    co_zRejects: () => Promise.reject(new Error('about co_zRejects')),
    co_zNumber: () => 1,
    co_zLater: () => Promise.resolve('true'),
    co_zHostile: () => ({
      get then(): never {
        throw new Error('about co_zHostile');
      },
    }),
    co_zNever: () => never,
  };
  const { clock, rights, outcomes, logged } = setUp(({ id }) => failures[id]?.() as boolean);
  const answers = Object.keys(failures).map((id) => rights.decide(id, 'load'));
  await settle();
  clock.advance(999);
  expect(outcomes).toHaveLength(5);
  clock.advance(1);
  expect(await Promise.all(answers.map(async (answer) => answer))).toEqual(
    Object.keys(failures).map(() => false),
  );
  expect(outcomes).toEqual(['error', 'error', 'error', 'error', 'error', 'timeout']);
  expect(logged).toEqual([[expect.any(String), { reason: 'RangeError', failures: 1 }]]);
  clock.advance(60_000);
  expect(rights.decide('co_zThrows', 'load')).toBe(false);
  expect(logged).toHaveLength(2);
  expect(logged[1]).toEqual([expect.any(String), { reason: 'RangeError', failures: 6 }]);
  expect(JSON.stringify(logged)).not.toContain('co_z');
});

it('[RELAY-84] a yes that comes too late serves the next question', async () => {
  const { asked, authorize } = askable();
  const { clock, rights } = setUp(authorize);
  const answer = rights.decide('co_zA', 'load');
  clock.advance(1_000);
  expect(await answer).toBe(false);
  asked[0]?.answer(true);
  await settle();
  expect(rights.decide('co_zA', 'load')).toBe(true);
  expect(asked).toHaveLength(1);
});

it('[RELAY-84] asks the same once at a time, and one client’s questions in parallel with a bound', async () => {
  const { asked, authorize } = askable();
  const { clock, rights, rightsOf } = setUp(authorize);
  const same = [rights.decide('co_z0', 'load'), rightsOf(undefined, undefined).decide('co_z0', 'load')];
  expect(asked).toHaveLength(1);
  const all = Array.from({ length: 1_000 }, (_, index) => rights.decide(`co_z${index}`, 'load'));
  expect(asked).toHaveLength(maxConcurrentQuestions);
  // Another client does not wait for them.
  void rightsOf({ kind: 'account', id: 'co_zBob' }, undefined).decide('co_z0', 'load');
  expect(asked).toHaveLength(maxConcurrentQuestions + 1);
  for (const { answer } of asked) answer(true);
  await settle();
  expect(asked.length).toBeGreaterThan(maxConcurrentQuestions + 1);
  for (let count = 0; count < asked.length; count++) {
    asked[count]?.answer(true);
    await settle();
  }
  expect(await Promise.all([...same, ...all].map(async (answer) => answer))).toEqual(Array(1_002).fill(true));
  expect(asked).toHaveLength(1_001);
  expect(clock.waiting).toBe(0);
});

it('[RELAY-84] keeps only so many answers', () => {
  const clock = createFakeClock();
  const kept = createKeptAnswers(clock);
  for (let index = 0; index <= maxKept; index++) kept.keep(`question ${index}`, true, 0);
  expect([kept.find('question 0'), kept.find('question 1')]).toEqual([undefined, true]);
  expect(kept.find(`question ${maxKept}`)).toBe(true);
});

it('[RELAY-84] asks nothing more for a client that has gone', async () => {
  const { asked, authorize } = askable();
  const { rights } = setUp(authorize);
  const all = Array.from({ length: 100 }, (_, index) => rights.decide(`co_z${index}`, 'load'));
  rights.close();
  for (const { answer } of asked) answer(true);
  const answers = await Promise.all(all.map(async (answer) => answer));
  expect(answers.filter(Boolean)).toHaveLength(maxConcurrentQuestions);
  expect(asked).toHaveLength(maxConcurrentQuestions);
  expect(rights.decide('co_zNew', 'load')).toBe(false);
});
