import { describe, expect, it } from 'vitest';
import type * as Judging from '../../src/engine/group-rules/judge-group.ts';
import { importPlanted } from '../support/import-planted.ts';
import { naiveJudge } from './naive-judge.ts';
import { randomGroup } from './random-group.ts';

const seeds = 2_000;

/** Each leaves out one rule, or part of it. */
const plants: readonly (readonly [name: string, file: string, from: string, to: string])[] = [
  [
    'a setting by anyone',
    'roles',
    'return isAdministrator(role) ? undefined : `Only admins and',
    'return role ? undefined : `Only admins and',
  ],
  [
    'private transactions by managers',
    'roles',
    "return role === 'admin' ? undefined : 'Only admins can make",
    "return isAdministrator(role) ? undefined : 'Only admins can make",
  ],
  [
    'parents by managers',
    'roles',
    "if (role === 'manager' && isForAdmins) return",
    "if (role === 'manager' && !isForAdmins && given === 'admin') return",
  ],
  [
    'circular parents',
    'roles',
    "return parent === 'circular' ? circularParent : undefined;",
    'return undefined;',
  ],
  [
    'roles for other CoValues',
    'roles',
    'if (member !== everyone && context.isOtherCoValue(member))',
    'if (member === author && context.isOtherCoValue(member))',
  ],
  [
    'an invite for everyone',
    'roles',
    'member !== everyone &&\n      member !== context.initialAdmin',
    'member !== context.initialAdmin',
  ],
  ['an invite lowers', 'roles', 'raises(before, invitesTo)', 'invitesTo !== before'],
  [
    'an invite for readers takes the right to write',
    'roles',
    "return offered > held && !(before === 'writeOnly' && given === 'reader');",
    'return offered > held;',
  ],
  ['an invite changes the first admin', 'roles', 'member !== context.initialAdmin &&', ''],
  ['an invite gives another role', 'roles', 'return given === invitesTo && isRaised', 'return isRaised'],
  [
    'the revoked revoke themselves',
    'roles',
    "if (isOwn && given === 'revoked' && role !== undefined && role !== 'revoked') return undefined;",
    "if (isOwn && given === 'revoked') return undefined;",
  ],
  [
    'admins demote admins',
    'roles',
    "return isAdmin && !isOwn && given !== 'admin' ?",
    'return isAdmin && isOwn && given === undefined ?',
  ],
  [
    'managers demote admins',
    'roles',
    'if (isAdmin) return "Managers',
    'if (isAdmin && isOwn) return "Managers',
  ],
  [
    'managers make admins',
    'roles',
    "['admin', 'adminInvite', 'managerInvite']",
    "['adminInvite', 'managerInvite']",
  ],
  [
    'heads of managers',
    'revocation-heads',
    "counts(one) && judged.authorRoles[one.place] === 'admin'",
    'counts(one)',
  ],
  [
    'heads against what was seen',
    'revocation-heads',
    'one.transaction.index >= seenOf(heads, one.transaction)',
    'true',
  ],
  [
    'heads on a role of admin',
    'revocation-heads',
    "change.member !== author && change.role !== 'admin'",
    'change.member !== author',
  ],
  [
    'heads that leave settings',
    'revocation-heads',
    "kind === 'role' || kind === 'parent' || kind === 'setting'",
    "kind === 'role' || kind === 'parent'",
  ],
  [
    'heads of the first admin last',
    'revocation-heads',
    '[...found.filter(isFirst), ...found.filter((one) => !isFirst(one))]',
    'found',
  ],
  ['a read key as write key', 'keys', 'if (readKeySettings.has(keyID)) return false;', ''],
  [
    'an invite names the key of anyone',
    'keys',
    "role === 'writeOnlyInvite' && has(addedBy, author, member)",
    "role === 'writeOnlyInvite'",
  ],
  [
    'an invite chooses over the own key',
    'keys',
    '(served.has(member) || claimedThemselves.has(member))',
    'served.has(member)',
  ],
  [
    'keys to everyone',
    'keys',
    'if (to === everyone || fieldsOfAdministrators.has(field))',
    'if (fieldsOfAdministrators.has(field))',
  ],
  [
    'over an administrator’s revelation',
    'keys',
    'if (to === everyone || fieldsOfAdministrators.has(field))',
    'if (to === everyone)',
  ],
  [
    'garbage of a removed administrator hides others',
    'keys',
    "else if (entry.by === 'administrator' && isStillAdministrator(author))",
    "else if (entry.by === 'administrator')",
  ],
  [
    'another’s secret for the own key',
    'keys',
    'if (to !== author && has(ownKeys, to, keyID)) return false;',
    '',
  ],
  [
    'an invite reveals any key',
    'keys',
    'has(addedBy, author, to) || has(keysNamedBy, author, keyID)',
    'true',
  ],
  ['the revoked reveal keys', 'keys', "role !== undefined && role !== 'revoked' && has(keysOf", 'has(keysOf'],
  ['an earlier date for a later key', 'keys', 'place > start.place ||', 'true ||'],
  ['a key for everyone without a role', 'keys', '(to !== everyone || isPublic)', 'true'],
  [
    'a parent lowers',
    'role-history',
    "role === 'revoked' || given === 'admin') return given;",
    'true) return given;',
  ],
];

describe('mistakes that the naive implementation detects', { timeout: 120_000 }, () => {
  it.each(plants)('[GROUP-2] [GROUP-3] [GROUP-4] %s', async (_, name, from, to) => {
    const file = `src/engine/group-rules/${name}.ts`;
    const { judgeGroup } = await importPlanted<typeof Judging>('src/engine/group-rules/judge-group.ts', [
      { file, from, to },
    ]);
    const isFound = (seed: number) => {
      const { transactions, context } = randomGroup(seed);
      const expected = naiveJudge(transactions, context);
      return judgeGroup(transactions, context).refusals.some(
        (refusal, place) => (refusal === undefined) !== expected[place],
      );
    };
    expect(Array.from({ length: seeds }, (_, seed) => seed).some(isFound)).toBe(true);
  });
});
