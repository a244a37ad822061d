import { isRecord } from '../../base/record.ts';
import {
  everyone,
  isSeen,
  type GroupTransaction,
  type MemberRole,
  type ParentRole,
} from '../../engine/covalue-access.ts';
import { createDatedValues, type DatedValues } from './dated-values.ts';

/** The most that an account has ever been in a group; admins and managers are administrators. */
export type Standing = 'none' | 'member' | 'administrator';

/**
 * The members of one group, by its own transactions. It believes more than the group rules: a role counts if its author could ever
 * give roles, at whatever date. So the relay refuses nothing that counts, and nothing that arrives later takes a standing
 * back. A new transaction costs no more in a large group than in a small one.
 */
export interface GroupMembers {
  add(act: GroupTransaction): void;
  standingOf(author: string): Standing;
  /** Whether this is, or was, an invite. */
  isInvite(author: string): boolean;
  /**
   * Whether an invite may do this: the invite is valid now, or was at that date. Transactions that an admin had not seen when
   * they removed the invite do not count. The invite is removed only by who surely could: otherwise a former manager keeps the
   * relay from taking what counts.
   */
  isInviteAt(act: Pick<GroupTransaction, 'author' | 'sessionID' | 'index' | 'atMs'>): boolean;
  /** Whether the key was named as this member's write key. */
  isWriteKeyOf(member: string, keyID: string): boolean;
  everyoneAt(atMs: number): MemberRole | undefined;
  readonly parents: ReadonlyMap<string, ParentRoles>;
  /** Authors of changes that they may not make, as far as this group shows. */
  waitingAuthors(): readonly string[];
  /** A group above makes this author an administrator. */
  promote(author: string): void;
}

/** The roles that a group has given to the members of a group that it extends. */
export interface ParentRoles {
  readonly changes: DatedValues<ParentRole>;
  /** All but `revoked`. */
  readonly ever: Set<ParentRole>;
}

interface RoleChange extends Pick<GroupTransaction, 'author' | 'sessionID' | 'index' | 'atMs'> {
  readonly role: MemberRole;
  readonly heads: unknown;
}

/** Removals of one invite that may not count. After more of them the invite is believed, because each of its acts asks. */
export const maxDoubtful = 100;

export function createGroupMembers(id: string, initialAdmin: string): GroupMembers {
  // An account administers itself. A group writes nothing, so its own ID does no harm.
  const standings = new Map<string, Standing>([initialAdmin, id].map((author) => [author, 'administrator']));
  /** The roles that each invite has ever given. */
  const invites = new Map<string, Set<string>>();
  const roles = new Map<string, DatedValues<RoleChange>>();
  const parents = new Map<string, ParentRoles>();
  const writeKeys = new Map<string, Set<string>>();
  /** As far as this group gives the role. A manager's heads void nothing. */
  const admins = new Set([initialAdmin]);
  const waiting = new Map<string, GroupTransaction[]>();
  const due: string[] = [];

  function add(act: GroupTransaction): void {
    const { author, change } = act;
    if (change.kind === 'writeKey') {
      writeKeys.set(change.member, (writeKeys.get(change.member) ?? new Set()).add(change.keyID));
    } else if (change.kind === 'role') {
      const isOwn = change.member === author && change.role === 'revoked';
      const given = invites.get(author);
      if (standings.get(author) === 'administrator' || (isOwn && !given))
        setRole(act, change.member, change.role);
      else if (!given) wait(act);
      // An invite cannot leave, and could say so without end.
      else if (given.has(change.role)) give(change.member, change.role);
    } else if (change.kind === 'parent') {
      if (standings.get(author) === 'administrator') setParent(act, change.parentID, change.role);
      else if (!invites.has(author)) wait(act);
    }
  }

  function wait(act: GroupTransaction): void {
    const acts = waiting.get(act.author);
    if (acts) acts.push(act);
    else waiting.set(act.author, [act]);
  }

  /** In a loop, because a chain of members who gave each other roles can be long. */
  function addWaiting(author: string): void {
    due.push(author);
    if (due.length > 1) return;
    for (const next of due) {
      const acts = waiting.get(next) ?? [];
      waiting.delete(next);
      for (const act of acts) add(act);
    }
    due.length = 0;
  }

  function setParent({ atMs }: GroupTransaction, parentID: string, role: ParentRole): void {
    const parent = parents.get(parentID) ?? { changes: createDatedValues(), ever: new Set() };
    parents.set(parentID, parent);
    parent.changes.add(atMs, role);
    if (role !== 'revoked') parent.ever.add(role);
  }

  function setRole(act: GroupTransaction, member: string, role: MemberRole): void {
    const { author, sessionID, index, atMs, heads } = act;
    if (role === 'admin') admins.add(member);
    const changes = roles.get(member) ?? createDatedValues<RoleChange>();
    roles.set(member, changes);
    const seen = admins.has(author) ? heads : undefined;
    changes.add(atMs, { author, sessionID, index, atMs, role, heads: seen });
    if (isInviteRole(role)) addInvite(member, role.slice(0, -'Invite'.length));
    else give(member, role);
  }

  function addInvite(member: string, role: string): void {
    invites.set(member, (invites.get(member) ?? new Set()).add(role));
    addWaiting(member);
  }

  function give(member: string, role: MemberRole): void {
    if (member === everyone || role === 'revoked') return;
    if (role === 'admin' || role === 'manager') promote(member);
    else if (!standings.has(member)) standings.set(member, 'member');
  }

  function promote(author: string): void {
    if (standings.get(author) === 'administrator') return;
    standings.set(author, 'administrator');
    addWaiting(author);
  }

  function wasInvite(changes: DatedValues<RoleChange>, atMs: number): boolean {
    let doubtful = 0;
    for (const change of changes.backFrom(atMs)) {
      if (isInviteRole(change.role)) return true;
      if (isBySureAdministrator(change)) return false;
      if (++doubtful >= maxDoubtful) return true;
    }
    return false;
  }

  function isBySureAdministrator({ author, sessionID, index, atMs }: RoleChange): boolean {
    const changes = roles.get(author);
    if (author === initialAdmin || !changes) return standings.get(author) === 'administrator';
    const role = changes.at(atMs)?.role;
    return (
      (role === 'admin' || role === 'manager') && isSeenIn(changes.after(atMs)?.heads, { sessionID, index })
    );
  }

  return {
    add,
    standingOf: (author) => standings.get(author) ?? 'none',
    isInvite: (author) => invites.has(author),
    isInviteAt({ author, sessionID, index, atMs }) {
      const changes = invites.has(author) ? roles.get(author) : undefined;
      if (!changes) return false;
      if (wasInvite(changes, Infinity)) return true;
      return wasInvite(changes, atMs) && isSeenIn(changes.after(atMs)?.heads, { sessionID, index });
    },
    isWriteKeyOf: (member, keyID) => writeKeys.get(member)?.has(keyID) ?? false,
    everyoneAt: (atMs) => roles.get(everyone)?.at(atMs)?.role,
    parents,
    waitingAuthors: () => [...waiting.keys()],
    promote,
  };
}

function isInviteRole(role: MemberRole | undefined): boolean {
  return role?.endsWith('Invite') ?? false;
}

/** The removal of a stock client has no heads: it does not name what its author had seen. */
function isSeenIn(heads: unknown, act: Pick<GroupTransaction, 'sessionID' | 'index'>): boolean {
  return !isRecord(heads) || isSeen(heads, act);
}
