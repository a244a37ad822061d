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

/**
 * GROUP-4: decides who may name write keys and reveal keys, once all roles are known; keys never influence roles. Without
 * these rules a stranger names a group's read key as their own write key, reveals another secret for it, and reads what is
 * written next.
 *
 * A class, like everything that runs for each transaction of a group: V8 would optimize a closure anew for each group.
 */
export class KeyRules {
  private readonly claims = createKeyClaims();
  /** What authors are now, whatever they were when they revealed a key. */
  private readonly kindsNow = new Map<string, Claim['by']>();
  private readonly refusedAuthors = new Set<string>();
  private readonly byAdministrators: number[] = [];
  /** Of the first so many of them. Most groups never need these. */
  private readonly fieldsOfAdministrators = new Set<string>();
  private fieldsRead = 0;
  private readonly fieldsOfOthers = new Set<string>();

  constructor(
    private readonly facts: KeyFacts,
    private readonly judged: JudgedWithHeads,
  ) {}

  /**
   * Puts a refusal, or none, in each of these places, which follow those judged before. Returns false if one of them
   * changes what was judged before.
   */
  judge(added: readonly number[], refusals: Refusal[]): boolean {
    const { authorRoles } = this.judged;
    // Nearly all are revelations.
    const writeKeys = added.filter((place) => this.judged.transactions[place]?.change.kind === 'writeKey');
    const allowed = writeKeys
      .flatMap((place) => this.claimsAt(place))
      .filter((claim) => this.isAllowed(claim));
    const counting = new Set(this.claims.add(allowed).map(({ place }) => place));
    let holds = true;
    // Administrators' transactions first, because they decide on the others.
    for (const place of added)
      if (isAdministrator(authorRoles[place])) holds = this.judgeOne(place, counting, refusals) && holds;
    for (const place of added)
      if (!isAdministrator(authorRoles[place])) this.judgeOne(place, counting, refusals);
    return holds;
  }

  /** Whether earlier judgments depend on whether this member is an administrator or invite, and that has changed. */
  isChanged(member: string): boolean {
    const known = this.kindsNow.get(member);
    return known !== undefined && known !== kindOf(this.judged.roles.roleAt(member, Infinity));
  }

  hasRefused(author: string): boolean {
    return this.refusedAuthors.has(author);
  }

  /** Whether a write key of this member counts. */
  hasWriteKey(member: string): boolean {
    return this.claims.isServed(member);
  }

  private judgeOne(place: number, counting: ReadonlySet<number>, refusals: Refusal[]): boolean {
    const entry = keyEntryAt(this.judged, place);
    if (!entry) return true;
    const { author, change, by } = entry;
    let refusal: Refusal;
    let holds = true;
    if (change.kind === 'writeKey' && !counting.has(place))
      refusal = 'Only a new key can be a member’s write key';
    if (change.kind === 'revelation') {
      if (!this.mayReveal(entry, change)) refusal = 'Only admins and managers can reveal keys';
      else if (by !== 'administrator') this.fieldsOfOthers.add(change.field);
      else {
        this.byAdministrators.push(place);
        holds = !this.fieldsOfOthers.has(change.field);
      }
    }
    refusals[place] = refusal;
    if (refusal !== undefined) this.refusedAuthors.add(author);
    return holds;
  }

  private kindNow(author: string): Claim['by'] {
    const known = this.kindsNow.get(author) ?? kindOf(this.judged.roles.roleAt(author, Infinity));
    this.kindsNow.set(author, known);
    return known;
  }

  private claimsAt(place: number): readonly (Claim & Pick<KeyEntry, 'role'>)[] {
    const entry = keyEntryAt(this.judged, place);
    return entry?.change.kind === 'writeKey' ? [{ ...entry, ...entry.change }] : [];
  }

  private isAllowed({ by, role, author, member, keyID }: Claim & Pick<KeyEntry, 'role'>): boolean {
    if (by === 'administrator') return true;
    if (this.facts.isReadKey(keyID)) return false;
    return by === 'invite'
      ? role === 'writeOnlyInvite' && this.facts.isAddedBy(author, member)
      : // A member who becomes a writer goes on with a key of their own until that arrives.
        (role === 'writeOnly' || role === 'writer') && member === author;
  }

  private mayReveal(
    entry: KeyEntry,
    { field, keyID, to }: { readonly field: string; readonly keyID: string; readonly to: string },
  ): boolean {
    const { by, role, place, author } = entry;
    const { facts, claims } = this;
    const openTo = this.judged.everyoneRoles[place];
    const isPublic = openTo === 'reader' || openTo === 'writer';
    if (by === 'administrator') return (to !== everyone || isPublic) && this.isAfterStart(entry, keyID);
    if (to === everyone || this.isOfAdministrator(field)) return false;
    // Otherwise another device of that member would write with a secret that the author of this knows.
    if (to !== author && claims.isOwnKey(to, keyID)) return false;
    return by === 'invite'
      ? (facts.isAddedBy(author, to) || claims.isNamedBy(author, keyID)) && this.isAfterStart(entry, keyID)
      : role !== undefined && role !== 'revoked' && claims.isKeyOf(author, keyID);
  }

  /**
   * Otherwise a removed administrator could choose, by an earlier date, a secret for a key that was made after the removal, and
   * the holder of a revoked link could make each new key one that a removed member has.
   */
  private isAfterStart({ place, author }: KeyEntry, keyID: string): boolean {
    const start = this.facts.readKeyStart(keyID) ?? this.claims.startOf(keyID);
    return !start || start.author === author || place > start.place || this.kindNow(author) !== 'member';
  }

  /** Whether who is an administrator still has revealed the same, so that this would be read in its place. */
  private isOfAdministrator(field: string): boolean {
    for (const place of this.byAdministrators.slice(this.fieldsRead)) {
      const entry = keyEntryAt(this.judged, place);
      if (entry?.change.kind === 'revelation' && this.kindNow(entry.author) === 'administrator')
        this.fieldsOfAdministrators.add(entry.change.field);
    }
    this.fieldsRead = this.byAdministrators.length;
    return this.fieldsOfAdministrators.has(field);
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
