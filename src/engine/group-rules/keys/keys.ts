import { everyone, type GroupChange, type MemberRole, type Refusal } from '../group-transaction.ts';
import { createKeyClaims, type Claim, type KeyStart } from './key-claims.ts';
import type { JudgedWithHeads } from '../revocation-heads.ts';
import { isAdministrator, roleOfInvite } from '../roles.ts';

/** A transaction that reveals a key, or names a write key. Not kept: a group of a thousand members has ten thousand. */
export interface KeyEntry {
  readonly place: number;
  readonly author: string;
  readonly by: Claim['by'];
  /** The author's role then; of who had none, that of `everyone`. */
  readonly role: MemberRole | undefined;
  readonly change: Extract<GroupChange, { kind: 'revelation' | 'writeKey' }>;
}

/** What the transactions that count say about keys, whatever their dates. */
export interface KeyFacts {
  isReadKey(keyID: string): boolean;
  /** The place of the setting that made a read key. */
  readKeyStart(keyID: string): KeyStart | undefined;
  isAddedBy(invite: string, member: string): boolean;
}

export interface KeyRules {
  /**
   * Puts a refusal, or none, in each of these places, which follow those judged before. Returns false if one of them
   * changes what was judged before.
   */
  judge(added: readonly number[], refusals: Refusal[]): boolean;
  /** Whether earlier judgments rest on this member's being an administrator or invite still, or not, and that has changed. */
  isChanged(member: string): boolean;
  hasRefused(author: string): boolean;
  /** Whether a write key of this member counts. */
  hasWriteKey(member: string): boolean;
}

/**
 * GROUP-4: decides who may name write keys and reveal keys, once all roles are known; keys never influence roles. Without
 * these rules a stranger names a group's read key as their own write key, reveals another secret for it, and reads what is
 * written next.
 */
export function createKeyRules(facts: KeyFacts, judged: JudgedWithHeads): KeyRules {
  const { authorRoles, everyoneRoles, roles } = judged;
  const claims = createKeyClaims();
  /** What authors are now, whatever they were when they revealed a key. */
  const kindsNow = new Map<string, Claim['by']>();
  const refusedAuthors = new Set<string>();
  const byAdministrators: number[] = [];
  /** Of the first so many of them. Most groups never need these. */
  const fieldsOfAdministrators = new Set<string>();
  let fieldsRead = 0;
  const fieldsOfOthers = new Set<string>();

  return {
    judge(added, refusals) {
      let holds = true;
      // Nearly all are revelations.
      const allowed = added.filter(isWriteKey).flatMap(claimsAt).filter(isAllowed);
      const counting = new Set(claims.add(allowed).map(({ place }) => place));
      const isByAdministrator = (place: number) => isAdministrator(authorRoles[place]);
      // Those of administrators first: they decide about the others'.
      added.filter(isByAdministrator).forEach(judgeOne);
      added.filter((place) => !isByAdministrator(place)).forEach(judgeOne);
      return holds;

      function judgeOne(place: number): void {
        const entry = keyEntryAt(judged, place);
        if (!entry) return;
        const { author, change, by } = entry;
        let refusal: Refusal;
        if (change.kind === 'writeKey' && !counting.has(place))
          refusal = 'Only a new key can be a member’s write key';
        if (change.kind === 'revelation') {
          if (!mayReveal(entry, change)) refusal = 'Only admins and managers can reveal keys';
          else if (by !== 'administrator') fieldsOfOthers.add(change.field);
          else {
            byAdministrators.push(place);
            if (fieldsOfOthers.has(change.field)) holds = false;
          }
        }
        refusals[place] = refusal;
        if (refusal !== undefined) refusedAuthors.add(author);
      }
    },
    isChanged(member) {
      const known = kindsNow.get(member);
      return known !== undefined && known !== kindOf(roles.roleAt(member, Infinity));
    },
    hasRefused: (author) => refusedAuthors.has(author),
    hasWriteKey: (member) => claims.isServed(member),
  };

  function kindNow(author: string): Claim['by'] {
    const known = kindsNow.get(author) ?? kindOf(roles.roleAt(author, Infinity));
    kindsNow.set(author, known);
    return known;
  }

  function isWriteKey(place: number): boolean {
    return judged.transactions[place]?.change.kind === 'writeKey';
  }

  function claimsAt(place: number): readonly (Claim & Pick<KeyEntry, 'role'>)[] {
    const entry = keyEntryAt(judged, place);
    return entry?.change.kind === 'writeKey' ? [{ ...entry, ...entry.change }] : [];
  }

  function isAllowed({ by, role, author, member, keyID }: Claim & Pick<KeyEntry, 'role'>): boolean {
    if (by === 'administrator') return true;
    if (facts.isReadKey(keyID)) return false;
    return by === 'invite'
      ? role === 'writeOnlyInvite' && facts.isAddedBy(author, member)
      : // A member who becomes a writer goes on with a key of their own until that arrives.
        (role === 'writeOnly' || role === 'writer') && member === author;
  }

  function mayReveal(
    entry: KeyEntry,
    { field, keyID, to }: { readonly field: string; readonly keyID: string; readonly to: string },
  ): boolean {
    const { by, role, place, author } = entry;
    const isPublic = everyoneRoles[place] === 'reader' || everyoneRoles[place] === 'writer';
    if (by === 'administrator') return (to !== everyone || isPublic) && isAfterStart(entry, keyID);
    if (to === everyone || isOfAdministrator(field)) return false;
    // Otherwise another device of that member would write with a secret that the author of this knows.
    if (to !== author && claims.isOwnKey(to, keyID)) return false;
    return by === 'invite'
      ? (facts.isAddedBy(author, to) || claims.isNamedBy(author, keyID)) && isAfterStart(entry, keyID)
      : role !== undefined && role !== 'revoked' && claims.isKeyOf(author, keyID);
  }

  /**
   * Otherwise a removed administrator could choose, by an earlier date, a secret for a key that was made after the removal, and
   * the holder of a revoked link could make each new key one that a removed member has.
   */
  function isAfterStart({ place, author }: KeyEntry, keyID: string): boolean {
    const start = facts.readKeyStart(keyID) ?? claims.startOf(keyID);
    return !start || start.author === author || place > start.place || kindNow(author) !== 'member';
  }

  /** Whether who is an administrator still has revealed the same, so that this would be read in its place. */
  function isOfAdministrator(field: string): boolean {
    for (const place of byAdministrators.slice(fieldsRead)) {
      const entry = keyEntryAt(judged, place);
      if (entry?.change.kind === 'revelation' && kindNow(entry.author) === 'administrator')
        fieldsOfAdministrators.add(entry.change.field);
    }
    fieldsRead = byAdministrators.length;
    return fieldsOfAdministrators.has(field);
  }
}

/** Undefined if the transaction is not about keys. */
export function keyEntryAt(judged: JudgedWithHeads, place: number): KeyEntry | undefined {
  const { author = '', change } = judged.transactions[place] ?? {};
  if (change?.kind !== 'revelation' && change?.kind !== 'writeKey') return undefined;
  const role = judged.authorRoles[place];
  const own = role === undefined || role === 'revoked' ? judged.everyoneRoles[place] : role;
  return { place, author, by: kindOf(role), role: own, change };
}

export function kindOf(role: MemberRole | undefined): Claim['by'] {
  if (isAdministrator(role)) return 'administrator';
  return roleOfInvite(role) ? 'invite' : 'member';
}
