import { everyone, type GroupTransaction, type MemberRole, type Refusal } from './group-transaction.ts';
import { isAdministrator, roleOfInvite, type JudgedRoles } from './roles.ts';

/**
 * GROUP-4: decides who may name write keys and reveal keys, once all roles are known; keys never influence roles. Without
 * these rules a stranger names a group's read key as their own write key, reveals another secret for it, and reads what is
 * written next.
 */
export function judgeKeys(
  transactions: readonly GroupTransaction[],
  { refusals, authorRoles, everyoneRoles, roles }: JudgedRoles,
): readonly Refusal[] {
  const readKeySettings = new Map<string, [Setting, ...Setting[]]>();
  const addedBy = new Map<string, Set<string>>();
  transactions.forEach(({ author, change }, place) => {
    if (refusals[place] !== undefined) return;
    const role = authorRoles[place];
    if (change.kind === 'setting' && change.key === 'readKey' && typeof change.value === 'string') {
      const setting = { place, author, byAdmin: role === 'admin' };
      const settings = readKeySettings.get(change.value);
      if (settings) settings.push(setting);
      else readKeySettings.set(change.value, [setting]);
    }
    if (change.kind === 'role' && roleOfInvite(role)) add(addedBy, author, change.member);
  });

  const entries: Entry[] = [];
  transactions.forEach((transaction, place) => {
    if (transaction.change.kind !== 'writeKey' && transaction.change.kind !== 'revelation') return;
    const role = authorRoles[place];
    const own = role === undefined || role === 'revoked' ? everyoneRoles[place] : role;
    const by = isAdministrator(role) ? 'administrator' : roleOfInvite(role) ? 'invite' : 'member';
    entries.push({ place, transaction, by, role: own });
  });
  const claims = entries.flatMap(claimIn).filter(isAllowed);
  const counting = countingClaims(claims);
  // A key that no longer counts keeps its revelations, so that earlier edits stay readable.
  const keysOf = new Map<string, Set<string>>();
  const keysNamedBy = new Map<string, Set<string>>();
  const ownKeys = new Map<string, Set<string>>();
  for (const { transaction, by, member, keyID } of claims) {
    add(keysOf, member, keyID);
    add(keysNamedBy, transaction.author, keyID);
    if (by === 'member') add(ownKeys, member, keyID);
  }
  /** Where each key begins. */
  const starts = new Map<string, Start>();
  for (const { place, keyID, transaction } of counting)
    if (!starts.has(keyID)) starts.set(keyID, { place, author: transaction.author });
  for (const [keyID, settings] of readKeySettings) starts.set(keyID, startOf(settings));
  const stillAdministrators = new Map<string, boolean>();
  const fieldsOfAdministrators = new Set<string>();
  const all = [...refusals];
  for (const { place, transaction } of entries)
    if (transaction.change.kind === 'writeKey') all[place] = 'Only a new key can be a member’s write key';
  for (const { place } of counting) all[place] = undefined;
  // Those of administrators first: they decide about the others'.
  for (const isTheirs of [true, false])
    for (const entry of entries) if ((entry.by === 'administrator') === isTheirs) judgeRevelation(entry);
  return all;

  function judgeRevelation(entry: Entry): void {
    const { place, transaction } = entry;
    const { author, change } = transaction;
    if (change.kind !== 'revelation') return;
    if (!mayReveal(entry, change)) all[place] = 'Only admins and managers can reveal keys';
    else if (entry.by === 'administrator' && isStillAdministrator(author))
      fieldsOfAdministrators.add(change.field);
  }

  function isStillAdministrator(author: string): boolean {
    const known = stillAdministrators.get(author) ?? isAdministrator(roles.roleAt(author, Infinity));
    stillAdministrators.set(author, known);
    return known;
  }

  function isAllowed({ by, role, member, keyID, transaction: { author } }: Claim): boolean {
    if (by === 'administrator') return true;
    if (readKeySettings.has(keyID)) return false;
    return by === 'invite'
      ? role === 'writeOnlyInvite' && has(addedBy, author, member)
      : role === 'writeOnly' && member === author;
  }

  function mayReveal(
    entry: Entry,
    { field, keyID, to }: { readonly field: string; readonly keyID: string; readonly to: string },
  ): boolean {
    const { by, role, place, transaction } = entry;
    const { author } = transaction;
    const isPublic = everyoneRoles[place] === 'reader' || everyoneRoles[place] === 'writer';
    if (by === 'administrator') return (to !== everyone || isPublic) && isAfterStart(entry, keyID);
    if (to === everyone || fieldsOfAdministrators.has(field)) return false;
    // Otherwise another device of that member would write with a secret that the author of this knows.
    if (to !== author && has(ownKeys, to, keyID)) return false;
    return by === 'invite'
      ? has(addedBy, author, to) || has(keysNamedBy, author, keyID)
      : role !== undefined && role !== 'revoked' && has(keysOf, author, keyID);
  }

  /** Otherwise a removed administrator could choose, by an earlier date, a secret for a key that was made after the removal. */
  function isAfterStart({ place, transaction: { author } }: Entry, keyID: string): boolean {
    const start = starts.get(keyID);
    return !start || start.author === author || place > start.place || isStillAdministrator(author);
  }
}

interface Start {
  readonly place: number;
  readonly author: string;
}

interface Setting extends Start {
  readonly byAdmin: boolean;
}

/** The setting that made a read key. If several people set the same one, an admin's wins over a manager's, and then the last. */
function startOf(settings: readonly [Setting, ...Setting[]]): Setting {
  const byAdmins = settings.filter(({ byAdmin }) => byAdmin);
  const best = byAdmins.length > 0 ? byAdmins : settings;
  const maker = best.at(-1)?.author;
  return best.find(({ author }) => author === maker) ?? settings[0];
}

interface Entry {
  /** In the list of all. */
  readonly place: number;
  readonly transaction: GroupTransaction;
  readonly by: 'administrator' | 'invite' | 'member';
  /** The author's role then; of who had none, that of `everyone`. */
  readonly role: MemberRole | undefined;
}

interface Claim extends Entry {
  readonly member: string;
  readonly keyID: string;
}

function claimIn(entry: Entry): readonly Claim[] {
  const { change } = entry.transaction;
  return change.kind === 'writeKey' ? [{ ...entry, member: change.member, keyID: change.keyID }] : [];
}

/**
 * A member's own key beats what an invite chose for them, because others may hold the same link. Administrators may always
 * choose, and a removed one may have chosen before, so the own key counts beside theirs.
 */
function countingClaims(claims: readonly Claim[]): readonly Claim[] {
  const claimedThemselves = new Set(claims.flatMap(({ by, member }) => (by === 'member' ? member : [])));
  const served = new Set<string>();
  return claims.filter(({ by, member }) => {
    if (by === 'invite' && (served.has(member) || claimedThemselves.has(member))) return false;
    served.add(member);
    return true;
  });
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}

function has(sets: ReadonlyMap<string, ReadonlySet<string>>, key: string, value: string): boolean {
  return sets.get(key)?.has(value) ?? false;
}
