import {
  everyone,
  type GroupChange,
  type GroupContext,
  type GroupTransaction,
  type MemberRole,
  type ParentRole,
} from '../../src/engine/group-rules/group-transaction.ts';

// The rules of a group, each written down as it is stated and answered from the whole list every time. Slow
// on purpose: nothing is remembered between two questions, so nothing can be out of date.

type ChangeOf<Kind extends GroupChange['kind']> = Extract<GroupChange, { readonly kind: Kind }>;

/** Places are indices in `list`; `index` of a transaction is its place in its session. */
interface Judged {
  readonly list: readonly GroupTransaction[];
  /** Which of them count. May be shorter than the list: only what comes before the judged place is read. */
  readonly counts: readonly boolean[];
  readonly context: GroupContext;
}

/** True at the place of each transaction that counts. The transactions are sorted already. */
export function naiveJudge(
  transactions: readonly GroupTransaction[],
  context: GroupContext,
): readonly boolean[] {
  const counts = judgeWithHeads(transactions, context);
  const byKeys = placesThatCountByKeys({ list: transactions, counts, context });
  return transactions.map((_, place) => counts[place] === true || byKeys.includes(place));
}

// Roles

function transactionAt(list: readonly GroupTransaction[], place: number): GroupTransaction {
  const transaction = list[place];
  if (!transaction) throw new RangeError(`There is no transaction at ${place}.`);
  return transaction;
}

function directRoleBefore({ list, counts }: Judged, place: number, member: string): MemberRole | undefined {
  let role: MemberRole | undefined;
  for (const [earlier, { change }] of list.entries()) {
    if (earlier >= place || !counts[earlier]) continue;
    if (change.kind === 'role' && change.member === member) role = change.role;
  }
  return role;
}

interface ParentChange {
  readonly transaction: GroupTransaction;
  readonly role: ParentRole;
}

function latestParentChangeBefore(
  { list, counts }: Judged,
  place: number,
  parentID: string,
): ParentChange | undefined {
  let latest: ParentChange | undefined;
  for (const [earlier, transaction] of list.entries()) {
    const { change } = transaction;
    if (earlier >= place || !counts[earlier]) continue;
    if (change.kind === 'parent' && change.parentID === parentID) latest = { transaction, role: change.role };
  }
  return latest;
}

function roleBefore(judged: Judged, place: number, member: string): MemberRole | undefined {
  const { list, context } = judged;
  const { atMs } = transactionAt(list, place);
  const parentIDs = list.flatMap(({ change }) => (change.kind === 'parent' ? [change.parentID] : []));
  let role = directRoleBefore(judged, place, member);
  for (const parentID of new Set(parentIDs)) {
    const latest = latestParentChangeBefore(judged, place, parentID);
    if (!latest || latest.role === 'revoked') continue;
    // As it counts, R3 found this parent.
    const parent = context.findParent(parentID, latest.transaction);
    if (typeof parent === 'string') continue;
    const there = parent.roleAt(member, atMs);
    if (there !== 'admin' && there !== 'manager' && there !== 'writer' && there !== 'reader') continue;
    const inherited = latest.role === 'extend' ? there : latest.role;
    if (beats(inherited, role)) role = inherited;
  }
  return role;
}

function beats(inherited: 'admin' | 'manager' | 'writer' | 'reader', role: MemberRole | undefined): boolean {
  if (role === undefined || role === 'revoked') return true;
  if (inherited === 'admin') return true;
  if (inherited === 'manager') return role !== 'admin';
  if (inherited === 'writer') return role === 'reader' || role === 'writeOnly';
  return false;
}

function authorRoleAt(judged: Judged, place: number): MemberRole | undefined {
  return roleBefore(judged, place, transactionAt(judged.list, place).author);
}

function judgeRoles(
  list: readonly GroupTransaction[],
  context: GroupContext,
  isVoid: (place: number) => boolean,
): readonly boolean[] {
  const counts: boolean[] = [];
  for (const place of list.keys())
    counts.push(!isVoid(place) && countsByRoles({ list, counts, context }, place));
  return counts;
}

function countsByRoles(judged: Judged, place: number): boolean {
  const { change } = transactionAt(judged.list, place);
  switch (change.kind) {
    case 'malformed':
      return false; // R0
    case 'private':
      return countsR1(judged, place);
    case 'setting':
      return countsR2(judged, place);
    case 'parent':
      return countsR3(judged, place, change);
    case 'role':
      return countsR4(judged, place, change);
    case 'writeKey':
    case 'revelation':
      return false; // Judged after the roles, which they never influence.
  }
}

/** R1 */
function countsR1(judged: Judged, place: number): boolean {
  return judged.context.isAccount && authorRoleAt(judged, place) === 'admin';
}

/** R2 */
function countsR2(judged: Judged, place: number): boolean {
  const role = authorRoleAt(judged, place);
  return role === 'admin' || role === 'manager';
}

/** R3 */
function countsR3(judged: Judged, place: number, { parentID, role: given }: ChangeOf<'parent'>): boolean {
  const found = judged.context.findParent(parentID, transactionAt(judged.list, place));
  if (found === 'no group' || found === 'circular') return false;
  const role = authorRoleAt(judged, place);
  if (role === 'admin') return true;
  if (role !== 'manager') return false;
  const now = latestParentChangeBefore(judged, place, parentID)?.role;
  return given === 'revoked' && now !== 'admin' && now !== 'extend';
}

/** R4. R5 is no question here: what gives `everyone` another role arrives as `malformed`. */
function countsR4(judged: Judged, place: number, change: ChangeOf<'role'>): boolean {
  if (change.member !== everyone && judged.context.isOtherCoValue(change.member)) return false;
  const role = authorRoleAt(judged, place);
  if (role === undefined) return countsR4a(judged, place, change);
  const invited = roleOfInvite(role);
  if (invited !== undefined) return countsR4b(judged, place, change, invited);
  if (role === 'revoked') return false; // R4f
  if (countsR4c(judged, place, change)) return true;
  if (role === 'admin') return countsR4d(judged, place, change);
  if (role === 'manager') return countsR4e(judged, place, change);
  return false; // R4f
}

/** R4a: the author has no role. */
function countsR4a({ list, context }: Judged, place: number, { member, role }: ChangeOf<'role'>): boolean {
  const { author } = transactionAt(list, place);
  return author === context.initialAdmin && member === author && role === 'admin';
}

/** R4b: the author is an invite for this role. */
function countsR4b(
  judged: Judged,
  place: number,
  { member, role: given }: ChangeOf<'role'>,
  invited: MemberRole,
): boolean {
  if (given !== invited || member === everyone || member === judged.context.initialAdmin) return false;
  const direct = directRoleBefore(judged, place, member);
  if (direct === 'writeOnly' && given === 'reader') return false;
  return !isInvite(direct) && rankOf(direct) < rankOf(given);
}

/** R4c: the author has a role, is no invite and not revoked. */
function countsR4c({ list }: Judged, place: number, { member, role }: ChangeOf<'role'>): boolean {
  return member === transactionAt(list, place).author && role === 'revoked';
}

/** R4d: the author is an admin. */
function countsR4d(judged: Judged, place: number, { member, role }: ChangeOf<'role'>): boolean {
  const isSelf = member === transactionAt(judged.list, place).author;
  return isSelf || role === 'admin' || roleBefore(judged, place, member) !== 'admin';
}

/** R4e: the author is a manager. */
function countsR4e(judged: Judged, place: number, { member, role }: ChangeOf<'role'>): boolean {
  if (roleBefore(judged, place, member) === 'admin') return false;
  return role !== 'admin' && role !== 'adminInvite' && role !== 'managerInvite';
}

function roleOfInvite(role: MemberRole | undefined): MemberRole | undefined {
  switch (role) {
    case 'adminInvite':
      return 'admin';
    case 'managerInvite':
      return 'manager';
    case 'writerInvite':
      return 'writer';
    case 'readerInvite':
      return 'reader';
    case 'writeOnlyInvite':
      return 'writeOnly';
    default:
      return undefined;
  }
}

function isInvite(role: MemberRole | undefined): boolean {
  return roleOfInvite(role) !== undefined;
}

/** Of roles that are no invite's. */
function rankOf(role: MemberRole | undefined): number {
  const rising: readonly (MemberRole | undefined)[] = ['writeOnly', 'reader', 'writer', 'manager', 'admin'];
  return rising.indexOf(role);
}

// Heads

function judgeWithHeads(list: readonly GroupTransaction[], context: GroupContext): readonly boolean[] {
  const voided = new Set<number>();
  const applied: SeenClaim[] = [];
  for (;;) {
    const counts = judgeRoles(list, context, (place) => voided.has(place));
    const judged = { list, counts, context };
    const waiting = claimsOfWhatWasSeen(judged).filter(
      ({ place, kind }) => !applied.some((one) => one.place === place && one.kind === kind),
    );
    const next = waiting.find(({ author }) => author === context.initialAdmin) ?? waiting[0];
    if (!next) return counts;
    applied.push(next);
    for (const place of placesMadeVoid(judged, next)) voided.add(place);
  }
}

interface SeenClaim {
  readonly kind: 'heads' | 'ahead';
  readonly place: number;
  readonly author: string;
  readonly seen: object;
}

function claimsOfWhatWasSeen(judged: Judged): readonly SeenClaim[] {
  const claims: SeenClaim[] = [];
  for (const [place, { author, change, heads, ahead }] of judged.list.entries()) {
    if (!judged.counts[place]) continue;
    const role = authorRoleAt(judged, place);
    const isDemotion = change.kind === 'role' && change.role !== 'admin' && change.member !== author;
    if (isDemotion && role === 'admin' && isObject(heads))
      claims.push({ kind: 'heads', place, author, seen: heads });
    if (isByDate(change) && (role === 'admin' || role === 'manager') && isObject(ahead))
      claims.push({ kind: 'ahead', place, author, seen: ahead });
  }
  return claims;
}

function isByDate({ kind }: GroupChange): boolean {
  return kind === 'role' || kind === 'parent' || kind === 'setting';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function placesMadeVoid(judged: Judged, claim: SeenClaim): readonly number[] {
  const places: number[] = [];
  for (const [place, { change, sessionID, index }] of judged.list.entries()) {
    if (!isByDate(change)) continue;
    const isSeen = index < headOf(claim.seen, sessionID);
    const isVoid =
      claim.kind === 'heads'
        ? isBefore(judged, claim, place) && !isSeen
        : isAheadAndLower(judged, claim, place) && isSeen;
    if (isVoid) places.push(place);
  }
  return places;
}

/** By the demoted, at an earlier date. */
function isBefore({ list }: Judged, claim: SeenClaim, place: number): boolean {
  const { change } = transactionAt(list, claim.place);
  return change.kind === 'role' && transactionAt(list, place).author === change.member && place < claim.place;
}

/** Of the same thing, at a later date, by the same author or by one of lower rank. */
function isAheadAndLower(judged: Judged, claim: SeenClaim, place: number): boolean {
  const { author, change } = transactionAt(judged.list, place);
  if (place <= claim.place || !isSame(change, transactionAt(judged.list, claim.place).change)) return false;
  if (author === claim.author) return true;
  const rankOfAdministrator = (role: MemberRole | undefined) =>
    role === 'admin' ? 2 : role === 'manager' ? 1 : 0;
  return (
    rankOfAdministrator(authorRoleAt(judged, place)) < rankOfAdministrator(authorRoleAt(judged, claim.place))
  );
}

function isSame(one: GroupChange, other: GroupChange): boolean {
  if (one.kind === 'role') return other.kind === 'role' && other.member === one.member;
  if (one.kind === 'parent') return other.kind === 'parent' && other.parentID === one.parentID;
  return one.kind === 'setting' && other.kind === 'setting' && other.key === one.key;
}

function headOf(heads: object, sessionID: string): number {
  const head: unknown = Object.hasOwn(heads, sessionID) ? Reflect.get(heads, sessionID) : undefined;
  return typeof head === 'number' ? head : 0;
}

// Keys. From here on, `counts` is what the roles and heads decided, for the whole list.

function placesThatCountByKeys(judged: Judged): readonly number[] {
  const left = claimsLeft(judged);
  return [...claimsThatCount(left).map(({ place }) => place), ...revelationsThatCount(judged, left)];
}

type By = 'administrator' | 'invite' | 'member';

function byWhom(judged: Judged, place: number): By {
  const role = authorRoleAt(judged, place);
  if (role === 'admin' || role === 'manager') return 'administrator';
  return isInvite(role) ? 'invite' : 'member';
}

function effectiveRoleAt(judged: Judged, place: number): MemberRole | undefined {
  const role = authorRoleAt(judged, place);
  return role === undefined || role === 'revoked' ? directRoleBefore(judged, place, everyone) : role;
}

/** Whether this author, at any date, added this member while it was an invite. */
function addedAsInvite(judged: Judged, author: string, member: string): boolean {
  return judged.list.some(
    (transaction, place) =>
      judged.counts[place] === true &&
      transaction.author === author &&
      transaction.change.kind === 'role' &&
      transaction.change.member === member &&
      isInvite(authorRoleAt(judged, place)),
  );
}

interface Claim {
  readonly place: number;
  readonly author: string;
  readonly by: By;
  readonly member: string;
  readonly keyID: string;
}

/** K1 to K4 */
function claimsLeft(judged: Judged): readonly Claim[] {
  const claims: Claim[] = [];
  for (const [place, { author, change }] of judged.list.entries()) {
    if (change.kind !== 'writeKey') continue;
    claims.push({ place, author, by: byWhom(judged, place), member: change.member, keyID: change.keyID });
  }
  return claims.filter((claim) => isAllowed(judged, claim));
}

function claimsThatCount(left: readonly Claim[]): readonly Claim[] {
  const counting: Claim[] = [];
  for (const claim of left) {
    if (countsK6(claim, left, counting)) counting.push(claim);
  }
  return counting;
}

function isAllowed(judged: Judged, claim: Claim): boolean {
  switch (claim.by) {
    case 'administrator':
      return true; // K1
    case 'invite':
      return isAllowedK2(judged, claim) && isAllowedK4(judged, claim);
    case 'member':
      return isAllowedK3(judged, claim) && isAllowedK4(judged, claim);
  }
}

/** K2 */
function isAllowedK2(judged: Judged, { place, author, member }: Claim): boolean {
  return authorRoleAt(judged, place) === 'writeOnlyInvite' && addedAsInvite(judged, author, member);
}

/** K3 */
function isAllowedK3(judged: Judged, { place, author, member }: Claim): boolean {
  const role = effectiveRoleAt(judged, place);
  return member === author && (role === 'writeOnly' || role === 'writer');
}

/** K4 */
function isAllowedK4({ list, counts }: Judged, { keyID }: Claim): boolean {
  return !list.some(
    ({ change }, place) =>
      counts[place] === true &&
      change.kind === 'setting' &&
      change.key === 'readKey' &&
      change.value === keyID,
  );
}

/** K6. `before` are the claims that count and come before this one in the list. */
function countsK6(claim: Claim, left: readonly Claim[], before: readonly Claim[]): boolean {
  if (claim.by !== 'invite') return true;
  if (before.some(({ member }) => member === claim.member)) return false;
  return !left.some(({ by, member }) => by === 'member' && member === claim.member);
}

interface Revelation {
  readonly place: number;
  readonly author: string;
  readonly by: By;
  readonly field: string;
  readonly keyID: string;
  readonly to: string;
}

function revelationsThatCount(judged: Judged, claims: readonly Claim[]): readonly number[] {
  const revelations: Revelation[] = [];
  for (const [place, { author, change }] of judged.list.entries()) {
    if (change.kind !== 'revelation') continue;
    const { field, keyID, to } = change;
    revelations.push({ place, author, by: byWhom(judged, place), field, keyID, to });
  }
  return revelations
    .filter((revelation) => {
      switch (revelation.by) {
        case 'administrator':
          return countsK7(judged, revelation, claims);
        case 'invite':
          return countsK8(judged, revelation, claims) && countsK10(judged, revelation, revelations, claims);
        case 'member':
          return countsK9(judged, revelation, claims) && countsK10(judged, revelation, revelations, claims);
      }
    })
    .map(({ place }) => place);
}

/** K8 */
function countsK8(judged: Judged, revelation: Revelation, claims: readonly Claim[]): boolean {
  const { author, keyID, to } = revelation;
  const isNamed = claims.some((claim) => claim.author === author && claim.keyID === keyID);
  return (addedAsInvite(judged, author, to) || isNamed) && isAfterStart(judged, revelation, claims);
}

/** K9 */
function countsK9(judged: Judged, { place, author, keyID }: Revelation, claims: readonly Claim[]): boolean {
  const role = effectiveRoleAt(judged, place);
  if (role === undefined || role === 'revoked') return false;
  return claims.some((claim) => claim.member === author && claim.keyID === keyID);
}

/** K7 */
function countsK7(judged: Judged, revelation: Revelation, claims: readonly Claim[]): boolean {
  if (revelation.to === everyone) {
    const role = directRoleBefore(judged, revelation.place, everyone);
    if (role !== 'reader' && role !== 'writer') return false;
  }
  return isAfterStart(judged, revelation, claims);
}

function isAfterStart(
  judged: Judged,
  { place, author, keyID }: Revelation,
  claims: readonly Claim[],
): boolean {
  const start = startOf(judged, keyID) ?? claimsThatCount(claims).find((claim) => claim.keyID === keyID);
  if (!start || start.author === author || place > start.place) return true;
  return isStillAdministrator(judged, author) || roleAtTheEnd(judged, author)?.endsWith('Invite') === true;
}

function isStillAdministrator(judged: Judged, author: string): boolean {
  const last = roleAtTheEnd(judged, author);
  return last === 'admin' || last === 'manager';
}

/** Who made a read key, and where in the list it begins. */
function startOf(
  judged: Judged,
  keyID: string,
): { readonly author: string; readonly place: number } | undefined {
  const settings = [...judged.list.entries()].flatMap(([place, { author, change }]) =>
    judged.counts[place] === true &&
    change.kind === 'setting' &&
    change.key === 'readKey' &&
    change.value === keyID
      ? [{ place, author, role: authorRoleAt(judged, place) }]
      : [],
  );
  const byAdmins = settings.filter(({ role }) => role === 'admin');
  const best = byAdmins.length > 0 ? byAdmins : settings;
  const maker = best.at(-1)?.author;
  return best.find(({ author }) => author === maker);
}

/** Parents give what they give after all dates. */
function roleAtTheEnd({ list, counts, context }: Judged, member: string): MemberRole | undefined {
  const end: GroupTransaction = {
    author: '',
    sessionID: '',
    index: 0,
    atMs: Infinity,
    change: { kind: 'private' },
  };
  return roleBefore({ list: [...list, end], counts, context }, list.length, member);
}

/** K10 */
function countsK10(
  judged: Judged,
  { author, field, keyID, to }: Revelation,
  revelations: readonly Revelation[],
  claims: readonly Claim[],
): boolean {
  if (to === everyone) return false;
  const isOwnKeyOfReceiver = claims.some(
    (claim) => claim.by === 'member' && claim.member === to && claim.keyID === keyID,
  );
  if (isOwnKeyOfReceiver && to !== author) return false;
  return !revelations.some(
    (other) =>
      other.by === 'administrator' &&
      isStillAdministrator(judged, other.author) &&
      other.field === field &&
      countsK7(judged, other, claims),
  );
}
