import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type * as Judging from '../../src/engine/group-rules/judge-group.ts';
import { importPlanted } from '../support/import-planted.ts';
import { judgeInSlices } from './judge-in-slices.ts';
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
    "if (role === 'manager' && given !== 'revoked') return",
    "if (role === 'manager' && given === 'extend') return",
  ],
  [
    'an end of admins by managers',
    'roles',
    "if (role === 'manager' && isForAdmins) return",
    "if (role === 'manager' && before === 'extend') return",
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
    'if (member !== everyone && this.context.isOtherCoValue(member))',
    'if (member === author && this.context.isOtherCoValue(member))',
  ],
  [
    'an invite for everyone',
    'roles',
    'member !== everyone &&\n      member !== this.context.initialAdmin',
    'member !== this.context.initialAdmin',
  ],
  ['an invite lowers', 'roles', 'raises(before, invitesTo)', 'invitesTo !== before'],
  [
    'an invite for readers takes the right to write',
    'roles',
    "return offered > held && !(before === 'writeOnly' && given === 'reader');",
    'return offered > held;',
  ],
  ['an invite changes the first admin', 'roles', 'member !== this.context.initialAdmin &&', ''],
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
    "return kind === 'heads' ? role === 'admin' : isAdministrator(role);",
    'return isAdministrator(role);',
  ],
  [
    'heads against what was seen',
    'revocation-heads',
    'changes.slice(0, count).filter(isUnseen)',
    'changes.slice(0, count)',
  ],
  [
    'heads on a role of admin',
    'seen-claims',
    "change.member !== author && change.role !== 'admin'",
    'change.member !== author',
  ],
  [
    'heads against keys',
    'seen-claims',
    'if (subject === undefined) return true;',
    'if (subject === undefined) return addToList(placesByAuthor, author, place).length > 0;',
  ],
  [
    'heads of the first admin last',
    'seen-claims',
    '(transactions[place]?.author === initialAdmin ? byFirst : byOthers)',
    'byFirst',
  ],
  ['what was seen ahead by anyone', 'revocation-heads', ': isAdministrator(role);', ': true;'],
  [
    'what was seen ahead of an earlier date',
    'revocation-heads',
    'return changes.slice(count)',
    'return changes',
  ],
  ['what was not seen ahead', 'revocation-heads', 'return !isUnseen(other) && (', 'return ('],
  [
    'what an author of equal rank dates ahead',
    'revocation-heads',
    "role !== 'admin' : !isAdministrator(role);",
    'true : !isAdministrator(role);',
  ],
  [
    'what a manager dates ahead, for a manager',
    'revocation-heads',
    "own === 'admin' ? role !== 'admin' : !isAdministrator(role)",
    "role !== 'admin'",
  ],
  [
    'what the same author dates ahead',
    'revocation-heads',
    'transactions[other]?.author === by || isLower',
    'isLower',
  ],
  [
    'what others set ahead',
    'seen-claims',
    'const same = addToList(placesBySubject, subject, place);',
    "const same = addToList(placesBySubject, '', place);",
  ],
  ['rights that a claim ends', 'revocation-heads', '&& ranked.has(change.member)', '&& false'],
  ['what claims end without rights', 'revocation-heads', 'if (isOutdated) judge = judgeRoles();', ''],
  ['a read key as write key', 'keys/keys', 'if (this.facts.isReadKey(keyID)) return false;', ''],
  [
    'an invite names the key of anyone',
    'keys/keys',
    "role === 'writeOnlyInvite' && this.facts.isAddedBy(author, member)",
    "role === 'writeOnlyInvite'",
  ],
  [
    'an invite chooses over the own key',
    'keys/key-claims',
    '(served.has(member) || ownKeys.has(member))',
    'served.has(member)',
  ],
  [
    'keys to everyone',
    'keys/keys',
    'if (to === everyone || this.isOfAdministrator(field))',
    'if (this.isOfAdministrator(field))',
  ],
  [
    'over an administrator’s revelation',
    'keys/keys',
    'if (to === everyone || this.isOfAdministrator(field))',
    'if (to === everyone)',
  ],
  [
    'garbage of a removed administrator hides others',
    'keys/keys',
    "if (entry?.change.kind === 'revelation' && this.kindNow(entry.author) === 'administrator')",
    "if (entry?.change.kind === 'revelation')",
  ],
  [
    'a revoked link reveals a later key',
    'keys/keys',
    '|| claims.isNamedBy(author, keyID)) && this.isAfterStart(entry, keyID)',
    '|| claims.isNamedBy(author, keyID))',
  ],
  [
    'another’s secret for the own key',
    'keys/keys',
    'if (to !== author && claims.isOwnKey(to, keyID)) return false;',
    '',
  ],
  [
    'an invite reveals any key',
    'keys/keys',
    'facts.isAddedBy(author, to) || claims.isNamedBy(author, keyID)',
    'true',
  ],
  [
    'the revoked reveal keys',
    'keys/keys',
    "role !== undefined && role !== 'revoked' && claims.isKeyOf",
    'claims.isKeyOf',
  ],
  ['an earlier date for a later key', 'keys/keys', 'place > start.place ||', 'true ||'],
  ['a key for everyone without a role', 'keys/keys', '(to !== everyone || isPublic)', 'true'],
  [
    'a parent lowers',
    'role-history',
    "role === 'revoked' || given === 'admin') return given;",
    'true) return given;',
  ],
];

/** Each keeps a judgment that a later transaction has changed. */
const stale: readonly (readonly [name: string, file: string, from: string, to: string])[] = [
  ['a parent', 'judge-group', "transaction.change.kind === 'parent' || !roles", '!roles'],
  ['heads', 'seen-claims', 'return voidsNothing && !isVoid;', 'return !isVoid;'],
  ['what was seen ahead', 'seen-claims', 'return voidsNothing && !isVoid;', 'return voidsNothing;'],
  [
    'a write key that is known',
    'keys/key-judge',
    'this.isStale ||= this.namings.isByOthers(change.keyID, author, this.judgedCount);',
    '',
  ],
  [
    'a read key that is known',
    'keys/key-judge',
    'this.isStale ||= this.namings.isByOthers(change.value, author, this.judgedCount);',
    '',
  ],
  [
    'the own key',
    'keys/key-judge',
    "this.isStale ||=\n          kindOf(this.judged.authorRoles[place]) === 'member' && this.rules.hasWriteKey(change.member);",
    '',
  ],
  ['another administrator', 'keys/key-judge', 'this.isStale ||= this.rules.isChanged(change.member);', ''],
  ['who was added by an invite', 'keys/key-judge', 'this.isStale ||= this.rules.hasRefused(author);', ''],
  ['an administrator’s revelation', 'keys/keys', 'holds = !this.fieldsOfOthers.has(change.field);', ''],
  [
    'the first of several authors of a key',
    'keys/key-namings',
    'if (known !== by) authors.set(keyID, known === undefined ? by : several);',
    'if (known === undefined) authors.set(keyID, by);',
  ],
  [
    'a key named without a role',
    'keys/key-namings',
    'const by = isAdministrator ? author : several;',
    'const by = author;',
  ],
];

describe('mistakes that slices detect', { timeout: 120_000 }, () => {
  it.each(stale)('[GROUP-2] [GROUP-3] [GROUP-4] %s', async (_, name, from, to) => {
    const file = `src/engine/group-rules/${name}.ts`;
    const { judgeGroup } = await importPlanted<typeof Judging>('src/engine/group-rules/judge-group.ts', [
      { file, from, to },
    ]);
    const isFound = (seed: number) => {
      const { inSlices, atOnce, unreported } = judgeInSlices(randomGroup(seed), seed, judgeGroup);
      return unreported > 0 || !isDeepStrictEqual(inSlices, atOnce);
    };
    expect(Array.from({ length: 10 * seeds }, (_, seed) => seed).some(isFound)).toBe(true);
  });
});

describe('mistakes that the naive implementation detects', { timeout: 120_000 }, () => {
  it.each(plants)('[GROUP-2] [GROUP-3] [GROUP-4] [GROUP-7] %s', async (_, name, from, to) => {
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
