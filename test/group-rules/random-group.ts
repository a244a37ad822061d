import type { Role } from '../../src/base/role.ts';
import {
  everyone,
  type GroupChange,
  type GroupContext,
  type GroupRoles,
  type GroupTransaction,
  type MemberRole,
  type ParentRole,
  type SettingKey,
} from '../../src/engine/group-rules/group-transaction.ts';
import { createRandom } from '../long/seeded-random.ts';

export interface RandomGroup {
  /** Sorted by date, with ties in any order that keeps the order of each session. */
  readonly transactions: readonly GroupTransaction[];
  readonly context: GroupContext;
}

/** From one seed, always the same group, of 1 to 60 transactions of which about half count. */
export function randomGroup(seed: number): RandomGroup {
  const dice = createDice(seed);
  const cast = castOf(dice);
  const context = contextOf(dice, cast);
  const written = writeGroup(dice, cast, context);
  const transactions = dice.chance(50) ? written : mergeSessions(dice, written);
  return { transactions: transactions.toSorted((a, b) => a.atMs - b.atMs), context };
}

// Chance

type Weighted<T> = readonly (readonly [weight: number, value: T])[];

interface Dice {
  /** Inclusive. */
  between(min: number, max: number): number;
  /** True with this probability in percent. */
  chance(percent: number): boolean;
  oneOf<T>(from: readonly [T, ...T[]]): T;
  /** Undefined if the list is empty. */
  anyOf<T>(from: readonly T[]): T | undefined;
  byWeight<T>(from: Weighted<T>): T;
}

function createDice(seed: number): Dice {
  const between = createRandom(seed);
  return {
    between,
    chance: (percent) => between(1, 100) <= percent,
    oneOf: (from) => from[between(0, from.length - 1)] ?? from[0],
    anyOf: (from) => (from.length === 0 ? undefined : from[between(0, from.length - 1)]),
    byWeight: (from) => {
      let rest = between(
        1,
        from.reduce((sum, [weight]) => sum + weight, 0),
      );
      for (const [weight, value] of from) {
        rest -= weight;
        if (rest <= 0) return value;
      }
      throw new RangeError('Nothing has a weight.');
    },
  };
}

// Who takes part

const founder = 'founder';
const lastDateMs = 60;

interface Cast {
  readonly people: readonly [string, ...string[]];
  /** The agents of invite links. */
  readonly links: readonly [string, ...string[]];
  readonly all: readonly [string, ...string[]];
  readonly parentIDs: readonly [string, ...string[]];
}

function castOf({ between, chance }: Dice): Cast {
  // Some names are also those of properties that any object has.
  const names = ['ann', 'ben', 'cat', '__proto__', 'constructor'].filter(() => chance(65));
  const links = ['linkA', 'linkB', 'linkC'].slice(0, between(0, 2));
  const people = [founder, 'dan', ...names] as const;
  return {
    people,
    links: ['linkD', ...links],
    all: [...people, 'linkD', ...links, 'stranger', 'coValue'],
    parentIDs: chance(30) ? ['parent', '__proto__'] : ['parent', 'otherParent'],
  };
}

function contextOf(dice: Dice, cast: Cast): GroupContext {
  const { between, chance, oneOf } = dice;
  const parents = new Map<string, GroupRoles>();
  for (const parentID of cast.parentIDs.slice(0, oneOf([0, 1, 1, 1, 2, 2, 2, 2]))) {
    parents.set(parentID, randomRoles(dice, [...cast.all, everyone]));
  }
  // While this lasts, the parents have this group as their own parent.
  const circleStartMs = chance(40) ? between(0, lastDateMs) : Infinity;
  const circleEndMs = circleStartMs + between(2, 10);
  const otherCoValues = new Set(['coValue']);
  if (chance(20)) otherCoValues.add(chance(10) ? founder : oneOf([...cast.links, 'dan', '__proto__']));
  return {
    initialAdmin: founder,
    isAccount: chance(25),
    findParent(parentID, { atMs }) {
      if (parentID === 'circle') return 'circular';
      if (atMs >= circleStartMs && atMs < circleEndMs) return 'circular';
      return parents.get(parentID) ?? 'no group';
    },
    isOtherCoValue: (id) => otherCoValues.has(id) || id === everyone,
  };
}

/** The roles in a parent group, which change over time. Some members have what `everyone` has there. */
function randomRoles({ between, chance, oneOf, byWeight }: Dice, members: readonly string[]): GroupRoles {
  const roles: Weighted<MemberRole | undefined> = [
    [4, 'admin'],
    [4, 'manager'],
    [5, 'writer'],
    [4, 'reader'],
    [4, 'writeOnly'],
    [2, 'writerInvite'],
    [2, 'revoked'],
    [6, undefined],
  ];
  const table = new Map<
    string,
    readonly { readonly fromMs: number; readonly role: MemberRole | undefined }[]
  >();
  for (const member of members) {
    if (!chance(member === everyone ? 50 : 60)) continue;
    const dates = Array.from({ length: between(1, 3) }, () => between(0, lastDateMs));
    const changes = dates
      .sort((a, b) => a - b)
      .map((fromMs) => ({
        fromMs,
        role: member === everyone ? oneOf(['reader', 'writer', 'writeOnly'] as const) : byWeight(roles),
      }));
    table.set(member, changes);
  }
  const ownRoleAt = (member: string, atMs: number) =>
    table.get(member)?.findLast(({ fromMs }) => fromMs <= atMs)?.role;
  return { roleAt: (member, atMs) => ownRoleAt(member, atMs) ?? ownRoleAt(everyone, atMs) };
}

// What they write

interface Step {
  readonly author: string;
  readonly change: GroupChange;
  readonly heads?: unknown;
  readonly ahead?: unknown;
  /** Dated before much of what its author could have seen. */
  readonly isBackdated?: boolean;
}

const plainRoles = ['reader', 'writer', 'manager', 'admin', 'writeOnly'] as const;
const memberRoles: Weighted<MemberRole> = [
  ...plainRoles.map((role) => [3, role] as const),
  ...plainRoles.map((role) => [1, `${role}Invite`] as const),
  [4, 'revoked'],
];
const parentRoles: readonly [ParentRole, ...ParentRole[]] = [
  ...(['extend', 'extend', 'admin', 'manager'] as const),
  ...(['writer', 'reader', 'revoked', 'revoked'] as const),
];

/** In the order of writing, which is not that of the dates. */
function writeGroup(dice: Dice, cast: Cast, context: GroupContext): readonly GroupTransaction[] {
  const { between, chance, oneOf, anyOf, byWeight } = dice;
  const { people, links, all } = cast;
  const { isAccount } = context;
  let nowMs = 0;
  const written: GroupTransaction[] = [];

  // Roles as the honest steps assume them: a guess that knows no rules and ignores dates.
  const roles = new Map<string, MemberRole>();
  const added: { readonly by: string; readonly member: string }[] = [];
  const claimed: { readonly by: string; readonly member: string; readonly keyID: string }[] = [];
  const fields: Extract<GroupChange, { kind: 'revelation' }>[] = [];
  const anyWith = (...wanted: readonly MemberRole[]) =>
    anyOf(all.filter((member) => wanted.some((role) => roles.get(member) === role)));
  const administrator = () => (chance(60) ? anyWith('admin') : anyWith('admin', 'manager'));

  const findParent = (parentID: string) =>
    context.findParent(parentID, {
      author: founder,
      sessionID: '',
      index: 0,
      atMs: nowMs,
      change: malformed,
    });

  const sessionIDs = new Map<string, readonly [string, ...string[]]>();
  const oddIDs = ['0', 'constructor', '__proto__'];
  for (const author of all) {
    const first = (chance(15) ? oddIDs.pop() : undefined) ?? `${author}/1`;
    sessionIDs.set(author, chance(50) ? [first, `${author}/2`] : [first]);
  }
  const sessionsOf = (author: string) => sessionIDs.get(author) ?? [`${author}/1`];
  const lengthOf = (id: string) => written.filter(({ sessionID }) => sessionID === id).length;
  const headsOf = (...members: readonly [string, ...string[]]) =>
    randomHeads(
      dice,
      members[0],
      members.flatMap(sessionsOf).map((id) => [id, lengthOf(id)]),
    );

  // Claims rarely name a key that is a read key, and rarely one that has been claimed.
  const readKeyID = () => `key${byWeight([1, 2, 3, 4, 9].map((n) => [n < 4 ? 9 : 1, n] as const))}`;
  const writeKeyID = () => `key${chance(18) ? between(1, 3) : between(4, 14)}`;

  const isLikely = (author: string, member: string, role: MemberRole): boolean => {
    if (member !== everyone && context.isOtherCoValue(member)) return false;
    if (author !== member && roles.get(member) === 'admin' && role !== 'admin') return false;
    return roles.get(author) !== 'manager' || !/^admin|^managerInvite/.test(role);
  };
  const roleStep = (author: string, member: string, role: MemberRole, heads?: unknown): Step => {
    // As the reader of changes would see it.
    if (member === everyone && role !== 'revoked' && !/^(?:reader|writer|writeOnly)$/.test(role)) {
      return { author, change: { kind: 'malformed', reason: `Everyone cannot be ${role}.` } };
    }
    if (isLikely(author, member, role)) roles.set(member, role);
    const change = { kind: 'role', member, role } as const;
    return heads === undefined ? { author, change } : { author, change, heads };
  };
  const claimStep = (author: string, member: string, keyID = writeKeyID()): Step => {
    claimed.push({ by: author, member, keyID });
    return { author, change: { kind: 'writeKey', member, keyID } };
  };
  const revealStep = (author: string, keyID: string, to: string): Step => {
    const field = chance(90) ? `${keyID}_for_${to}` : (anyOf(fields)?.field ?? '__proto__');
    const change = { kind: 'revelation', field, keyID, to } as const;
    fields.push(change);
    return { author, change };
  };
  const recipient = () => {
    if (chance(12)) return everyone;
    return chance(60) ? oneOf(all) : oneOf(['key1', 'key5', 'sealer']);
  };

  const appoint = (): Step | undefined => {
    const author = administrator();
    const member = chance(80) ? oneOf(people) : oneOf(all);
    if (author === undefined) return undefined;
    const isManager = roles.get(author) === 'manager';
    if (roles.get(member) === 'admin' && chance(isManager ? 30 : 70)) return undefined;
    const given: Weighted<MemberRole> = [
      [isManager ? 1 : 5, 'admin'],
      [5, 'manager'],
      [3, 'writer'],
      [2, 'reader'],
      [6, 'writeOnly'],
    ];
    // As if an invite had: not all who were added were added by one.
    if (chance(30)) added.push({ by: author, member });
    return roleStep(author, member, byWeight(given));
  };
  const openToEveryone = (): Step | undefined => {
    const author = administrator();
    if (author === undefined) return undefined;
    return roleStep(
      author,
      everyone,
      oneOf(['reader', 'writer', 'writeOnly', 'writeOnly', 'revoked', 'admin']),
    );
  };
  const makeLink = (): Step | undefined => {
    const author = administrator();
    if (author === undefined) return undefined;
    const role = oneOf<Role>([...plainRoles, 'writeOnly', 'writeOnly']);
    return roleStep(author, chance(80) ? oneOf(links) : oneOf(people), `${role}Invite`);
  };
  const useLink = (): Step | undefined => {
    const author = anyWith('readerInvite', 'writerInvite', 'managerInvite', 'adminInvite', 'writeOnlyInvite');
    if (author === undefined) return undefined;
    const invited = plainRoles.find((role) => `${role}Invite` === roles.get(author));
    const member = chance(85) ? oneOf(people) : oneOf([...all, everyone]);
    if (member === author && chance(70)) return undefined;
    // An invite does not change those who have such a role.
    if (!['revoked', undefined].includes(roles.get(member)) && chance(60)) return undefined;
    added.push({ by: author, member });
    const rightly = roleStep(author, member, invited ?? 'reader');
    return chance(90) ? rightly : roleStep(author, member, byWeight(memberRoles));
  };
  const revoke = (): Step | undefined => {
    const author = chance(75) ? anyWith('admin') : anyWith('manager');
    const present = [...roles.keys()].filter((member) => roles.get(member) !== 'revoked');
    // Heads matter most for those who have changed roles and parents.
    const active = present.filter((member) => written.some((by) => by.author === member && changesRoles(by)));
    const member = anyOf(chance(75) ? active : present);
    if (author === undefined || member === undefined) return undefined;
    if (roles.get(member) === 'admin' && chance(85)) return undefined;
    return roleStep(author, member, 'revoked', headsOf(member));
  };
  /** What heads are for: a revoked member pretends to have written this before. */
  const backdate = (): Step | undefined => {
    const author = anyWith('revoked');
    if (author === undefined || !written.some((by) => by.author === author && changesRoles(by)))
      return undefined;
    const member = oneOf(people);
    const heads = headsOf(member);
    const change = { kind: 'role', member, role: chance(30) ? 'revoked' : byWeight(memberRoles) } as const;
    return { author, change, isBackdated: true, ...(heads === undefined ? {} : { heads }) };
  };
  const stepDown = (): Step | undefined => {
    const author = anyOf([...roles.keys()]);
    if (author === undefined || author === everyone) return undefined;
    // Without the founder, little else would count.
    if (author === founder && chance(85)) return undefined;
    // Former admins have made changes that a revocation can void.
    if (roles.get(author) === 'admin')
      return roleStep(author, author, oneOf(['manager', 'manager', 'writer', 'writeOnlyInvite']));
    const heads = headsOf(author);
    return chance(40) ? roleStep(author, author, 'revoked', heads) : undefined;
  };
  const changeParent = (): Step | undefined => {
    const author = chance(50) ? anyWith('manager') : administrator();
    const known = cast.parentIDs.filter((id) => typeof findParent(id) === 'object');
    const parentID = chance(90)
      ? anyOf(known)
      : oneOf([...cast.parentIDs, 'circle', 'nowhere', 'constructor']);
    if (author === undefined || parentID === undefined) return undefined;
    const role = oneOf(parentRoles);
    const parent = findParent(parentID);
    for (const member of all) {
      if (typeof parent !== 'object' || role === 'revoked') break;
      const there = parent.roleAt(member, nowMs);
      if (there !== undefined && !roles.has(member)) roles.set(member, role === 'extend' ? there : role);
    }
    return { author, change: { kind: 'parent', parentID, role } };
  };
  /** Changes a member who is an admin in a parent. */
  const changeHeir = (): Step | undefined => {
    const author = chance(70) ? anyWith('manager') : administrator();
    const parents = cast.parentIDs.map(findParent).filter((parent) => typeof parent === 'object');
    const heirs = all.filter((member) => parents.some((parent) => parent.roleAt(member, nowMs) === 'admin'));
    const member = anyOf(heirs);
    if (author === undefined || member === undefined) return undefined;
    return roleStep(author, member, byWeight(memberRoles));
  };
  const set = (): Step | undefined => {
    const author = administrator();
    if (author === undefined) return undefined;
    const key: SettingKey = oneOf(['readKey', 'readKey', 'groupSealer', 'profile', 'root']);
    const sensible = chance(75) ? readKeyID() : (anyOf(claimed)?.keyID ?? null);
    const value = chance(90) ? sensible : oneOf<unknown>([null, 7, {}, ['key4']]);
    return { author, change: { kind: 'setting', key, value } };
  };
  const claimAsAdministrator = (): Step | undefined => {
    const author = administrator();
    return author === undefined ? undefined : claimStep(author, anyWith('writeOnly') ?? oneOf(people));
  };
  const claimForOneself = (): Step | undefined => {
    const author = roles.get(everyone) === 'writeOnly' && chance(50) ? oneOf(all) : anyWith('writeOnly');
    // Only a first claim counts.
    if (claimed.some(({ by }) => by === author) && chance(75)) return undefined;
    return author === undefined ? undefined : claimStep(author, author);
  };
  const claimAsInvite = (): Step | undefined => {
    const inviter = anyOf(added.filter(({ by }) => chance(30) || roles.get(by) === 'writeOnlyInvite'));
    if (claimed.some(({ member }) => member === inviter?.member) && chance(60)) return undefined;
    return inviter && claimStep(inviter.by, inviter.member);
  };
  const claimTaken = (): Step | undefined => {
    const taken = anyOf(claimed);
    return taken && claimStep(chance(50) ? taken.by : oneOf(all), oneOf(people), taken.keyID);
  };
  const revealAsAdministrator = (): Step | undefined => {
    const author = administrator();
    const shown = chance(50) ? anyOf(fields) : undefined;
    if (author === undefined) return undefined;
    if (shown) return revealStep(author, shown.keyID, shown.to);
    return revealStep(author, chance(50) ? readKeyID() : writeKeyID(), recipient());
  };
  const revealClaimed = (): Step | undefined => {
    const claim = anyOf(claimed);
    const isByMember = chance(50) && claim?.member !== everyone;
    return claim && revealStep(isByMember ? claim.member : claim.by, claim.keyID, recipient());
  };
  const revealToAdded = (): Step | undefined => {
    const addition = anyOf(added);
    return addition && revealStep(addition.by, readKeyID(), addition.member);
  };
  const hide = (): Step | undefined => {
    const author = chance(50) ? anyWith('admin') : oneOf(all);
    if (author === undefined) return undefined;
    return { author, change: chance(isAccount ? 85 : 50) ? { kind: 'private' } : malformed };
  };
  /** By anybody, anything. */
  const misbehave = (): Step => {
    const author = oneOf(all);
    const change = anyChange(dice, cast);
    if (change.kind !== 'role') return { author, change };
    const heads = headsOf(change.member);
    return heads === undefined ? { author, change } : { author, change, heads };
  };
  // Steps that lead far only in this order. Others come between them.
  const plot: (() => Step)[] = [];
  const follow = (): Step | undefined => plot.shift()?.();
  const plotRevocations = () => {
    const [first = 'dan', second = 'dan', third = 'dan'] = shuffle(dice, people.slice(1));
    const revoke = (author: string, member: string) => () =>
      roleStep(author, member, 'revoked', chance(40) ? {} : headsOf(member));
    plot.push(
      () => roleStep(founder, first, 'admin'),
      () => roleStep(first, second, 'admin'),
      () => roleStep(oneOf([founder, first, second]), third, 'manager'),
      () => roleStep(third, oneOf(people), oneOf(plainRoles)),
      revoke(oneOf([first, second]), third),
      () => roleStep(first, first, 'manager'),
      revoke(oneOf([founder, second]), first),
      () => roleStep(second, second, 'writer'),
      revoke(founder, second),
    );
  };
  const plotKeys = () => {
    const member = anyOf(people.slice(1)) ?? founder;
    const link = oneOf(links);
    const claims = shuffle(dice, [() => claimStep(link, member), () => claimStep(member, member)]);
    plot.push(
      () => roleStep(founder, member, 'revoked'),
      () => roleStep(founder, link, 'writeOnlyInvite'),
      () => roleStep(link, member, 'writeOnly'),
      ...claims,
      () => revealClaimed() ?? misbehave(),
      () => revealAsAdministrator() ?? misbehave(),
      () => revealClaimed() ?? misbehave(),
    );
  };

  const plotAhead = () => {
    const [member = 'dan', first = 'dan', second = 'dan'] = shuffle(dice, people.slice(1));
    const link = oneOf(links);
    const author = oneOf([founder, first, member]);
    plot.push(
      () => roleStep(founder, link, 'writerInvite'),
      () => roleStep(founder, first, 'manager'),
      () => roleStep(founder, second, 'manager'),
      () => roleStep(founder, member, 'reader'),
      () => roleStep(oneOf([link, second]), member, 'writer'),
      () => ({ ...roleStep(author, member, 'revoked'), ahead: headsOf(link, second), isBackdated: true }),
    );
  };

  const steps: Weighted<() => Step | undefined> = [
    [15, appoint],
    [5, openToEveryone],
    [8, makeLink],
    [12, useLink],
    [9, revoke],
    [4, backdate],
    [30, follow],
    [5, stepDown],
    [12, changeParent],
    [5, changeHeir],
    [5, set],
    [4, claimAsAdministrator],
    [9, claimForOneself],
    [8, claimAsInvite],
    [2, claimTaken],
    [5, revealAsAdministrator],
    [9, revealClaimed],
    [4, revealToAdded],
    [isAccount ? 5 : 1, hide],
    [7, misbehave],
  ];

  const write = ({ author, change, heads, ahead: given, isBackdated }: Step) => {
    nowMs = Math.min(nowMs + between(0, 2), lastDateMs);
    const dates: Weighted<number> = [
      [84, nowMs],
      [12, Math.max(0, nowMs - between(1, 8))],
      [12, Math.min(lastDateMs, nowMs + between(1, 12))],
      [written.length > 0 || chance(30) ? 4 : 0, between(0, lastDateMs)],
    ];
    const atMs = isBackdated ? Math.max(0, nowMs - between(2, 12)) : byWeight(dates);
    const sessionID = oneOf(sessionsOf(author));
    const transaction = { author, sessionID, index: lengthOf(sessionID), atMs, change };
    const ahead = given ?? (chance(25) ? headsOf(...all) : undefined);
    written.push({
      ...transaction,
      ...(heads !== undefined && { heads }),
      ...(ahead !== undefined && { ahead }),
    });
  };
  const length = chance(75) ? between(20, 60) : between(1, 20);
  if (chance(50)) plotRevocations();
  if (chance(35)) plotKeys();
  if (chance(35)) plotAhead();
  if (chance(94)) write(roleStep(founder, founder, 'admin'));
  else write(misbehave());
  while (written.length < length) {
    let step: Step | undefined;
    // Without the right people for a step, another one.
    for (let tries = 0; tries < 6 && !step; tries++) step = byWeight(steps)();
    write(step ?? misbehave());
  }
  return written;
}

function changesRoles({ change }: GroupTransaction): boolean {
  return change.kind === 'role' || change.kind === 'parent';
}

const malformed = { kind: 'malformed', reason: 'It is no change.' } as const;

function anyChange({ between, chance, oneOf, byWeight }: Dice, { all, parentIDs }: Cast): GroupChange {
  const keyID = `key${between(1, 10)}`;
  const member = oneOf([...all, everyone]);
  const role = byWeight(memberRoles);
  const to = chance(60) ? member : oneOf(['key1', 'key5', 'sealer']);
  return byWeight<GroupChange>([
    [1, { kind: 'private' }],
    [1, malformed],
    [8, { kind: 'role', member, role: member === everyone ? 'reader' : role }],
    [3, { kind: 'parent', parentID: oneOf(parentIDs), role: oneOf(parentRoles) }],
    [2, { kind: 'setting', key: oneOf(['readKey', 'readKey', 'profile']), value: keyID }],
    [3, { kind: 'writeKey', member, keyID }],
    [3, { kind: 'revelation', field: `${keyID}_for_${to}`, keyID, to }],
  ]);
}

/** Mostly what an honest author could have seen of these sessions, sometimes nonsense. */
function randomHeads(
  { between, chance, byWeight, oneOf }: Dice,
  member: string,
  lengths: readonly (readonly [sessionID: string, length: number])[],
): unknown {
  const record: Record<string, unknown> = {};
  const addHead = (sessionID: string, value: unknown) =>
    // An assignment to `__proto__` would add nothing.
    Object.defineProperty(record, sessionID, { value, enumerable: true, configurable: true, writable: true });
  for (const [sessionID, length] of lengths) {
    const sensible = chance(50) ? between(0, length) : Math.max(0, length - between(0, 2));
    if (chance(80)) addHead(sessionID, chance(80) ? sensible : oneOf([-1, 0.5, '9', null, [9], true, 99]));
  }
  if (chance(10)) addHead('__proto__', between(0, 3));
  if (chance(10)) addHead(member, 99);
  return byWeight<unknown>([
    [12, undefined],
    [70, record],
    [6, {}],
    [12, oneOf([null, [], [], [9, 9], 'heads', 9, true])],
  ]);
}

function shuffle<T>({ between }: Dice, values: readonly T[]): readonly T[] {
  const order = values.map((value) => ({ value, at: between(0, 1e6) }));
  return order.sort((a, b) => a.at - b.at).map(({ value }) => value);
}

/** Another order, in which each session keeps its own. It decides among equal dates. */
function mergeSessions(
  { anyOf }: Dice,
  transactions: readonly GroupTransaction[],
): readonly GroupTransaction[] {
  const sessionIDs = new Set(transactions.map(({ sessionID }) => sessionID));
  const sessions = [...sessionIDs].map((id) => transactions.filter(({ sessionID }) => sessionID === id));
  const merged: GroupTransaction[] = [];
  while (merged.length < transactions.length) {
    const next = anyOf(sessions.filter(({ length }) => length > 0))?.shift();
    if (next) merged.push(next);
  }
  return merged;
}
