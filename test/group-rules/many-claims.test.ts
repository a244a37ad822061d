import { expect, it } from 'vitest';
import type {
  GroupChange,
  GroupContext,
  GroupTransaction,
  MemberRole,
} from '../../src/engine/group-rules/group-transaction.ts';
import { judgeGroup } from '../../src/engine/group-rules/judge-group.ts';
import { naiveJudge } from './naive-judge.ts';

const [admin, manager] = ['co_zAdmin', 'co_zManager'];

/** The manager changes roles now, each time with a claim that ends one change of a later date. */
function claimsOf(count: number, memberOf: (n: number) => string, role: MemberRole) {
  const now: GroupTransaction[] = [];
  const later: GroupTransaction[] = [];
  const lengths = new Map<string, number>();
  const write = (
    author: string,
    session: string,
    member: string,
    to: MemberRole,
    atMs: number,
    ahead?: object,
  ) => {
    const sessionID = `${author}_session_z${session}`;
    const index = lengths.get(sessionID) ?? 0;
    lengths.set(sessionID, index + 1);
    const change = { kind: 'role', member, role: to } as const;
    return { author, sessionID, index, atMs, change, ...(ahead && { ahead }) };
  };
  now.push(write(admin, '1', admin, 'admin', 0), write(admin, '1', manager, 'manager', 1));
  for (let n = 0; n < count; n++) {
    const ahead = { [`${manager}_session_zLater${n}`]: 1 };
    now.push(write(manager, 'Now', memberOf(n), 'reader', 10 + n, ahead));
    later.push(write(manager, `Later${n}`, memberOf(n), role, 1_000_000 + n));
  }
  return { now, later, transactions: [...now, ...later] };
}

function judged(transactions: readonly GroupTransaction[]) {
  let asked = 0;
  const context: GroupContext = {
    initialAdmin: admin,
    isAccount: false,
    findParent: () => 'no group',
    isOtherCoValue: () => ++asked < 0,
  };
  const counts = judgeGroup(transactions, context).refusals.map((refusal) => refusal === undefined);
  return { counts, asked, naive: () => naiveJudge(transactions, context) };
}

it.each(['writer', 'manager'] as const)(
  '[GROUP-7] 1,000 claims of a manager against later roles of %s make a group be judged a bounded number of times',
  (role) => {
    const { transactions } = claimsOf(1_000, (n) => `co_zMember${n}`, role);
    expect(judged(transactions).asked).toBeLessThan(60 * transactions.length);
  },
);

it('[GROUP-7] what members without rights get at a later date ends in one more pass, and as before', () => {
  const { now, later, transactions } = claimsOf(30, (n) => `co_zMember${n}`, 'writer');
  const { counts, asked, naive } = judged(transactions);
  expect(asked).toBeLessThan(3 * transactions.length);
  expect(counts).toEqual(naive());
  expect(counts).toEqual([...now.map(() => true), ...later.map(() => false)]);
});

it('[GROUP-7] the claims of a manager after the first 50 against rights end nothing, and those of an admin do', () => {
  const { now, later, transactions } = claimsOf(60, (n) => `co_zMember${n}`, 'manager');
  const byAdmin = transactions.map((one) => ({ ...one, ...(one.author === manager && { author: admin }) }));
  expect(judged(transactions).counts).toEqual([...now.map(() => true), ...later.map((_, n) => n >= 50)]);
  expect(judged(byAdmin).counts).toEqual([...now.map(() => true), ...later.map(() => false)]);
});

/** Whether each step counts, here and for the naive implementation. Each is in a session of its own, and dated by its place. */
function countsOf(...steps: readonly (readonly [author: string, change: GroupChange, aheadOf?: number])[]) {
  const transactions = steps.map(([author, change, aheadOf], place): GroupTransaction => {
    const ahead = aheadOf === undefined ? {} : { ahead: { [`session${aheadOf}`]: 1 } };
    return { author, sessionID: `session${place}`, index: 0, atMs: place, change, ...ahead };
  });
  const { counts, naive } = judged(transactions);
  expect(counts).toEqual(naive());
  return counts;
}

const role = (member: string, to: MemberRole) => ({ kind: 'role', member, role: to }) as const;
const readKey = (value: string) => ({ kind: 'setting', key: 'readKey', value }) as const;

it('[GROUP-7] a change that a claim ends makes no claim', () => {
  const counts = countsOf(
    [admin, role(admin, 'admin')],
    [admin, role(manager, 'manager')],
    [admin, readKey('key_z1'), 3],
    [manager, readKey('key_z2'), 4],
    [manager, readKey('key_z3')],
  );
  expect(counts).toEqual([true, true, true, false, true]);
});

it('[GROUP-7] whoever has their rights from an invite that a claim ends makes no claim', () => {
  const counts = countsOf(
    [admin, role(admin, 'admin')],
    [admin, role(manager, 'manager')],
    [admin, role('co_zLink', 'revoked'), 3],
    [admin, role('co_zLink', 'adminInvite')],
    ['co_zLink', role('co_zOther', 'admin')],
    ['co_zOther', readKey('key_z2'), 6],
    [manager, readKey('key_z3')],
  );
  expect(counts).toEqual([true, true, true, false, false, false, true]);
});
