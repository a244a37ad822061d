import type { GroupChange, GroupTransaction } from '../../engine/covalue-access.ts';
import type { GroupMembers, Standing } from './group-members.ts';

/** New transactions of one session, and the facts about their author in the owning group. */
export interface RoleQuestion {
  readonly author: string;
  readonly standing: Standing;
  /** Whether anyone may write, now and at that date. */
  isOpenAt(atMs: number): boolean;
  readonly datesMs: readonly number[];
  /** If the CoValue is itself a group or an account. */
  readonly group:
    | {
        readonly members: GroupMembers;
        readonly acts: () => readonly GroupTransaction[];
      }
    | undefined;
}

/**
 * GUARD, G3: whether the author has or once had a role, or writes where anyone may. Removed members send what they wrote
 * before, and others forward it: devices decide by its date. In groups, all but administrators and invites do nothing but set
 * and reveal their own write key, and leave. An invite does nothing malformed: cojson can read no group with a key such as
 * `constructor`.
 */
export function hasRole({ author, standing, isOpenAt, datesMs, group }: RoleQuestion): boolean {
  if (standing === 'administrator') return true;
  const isMember = standing === 'member';
  if (!group) return isMember || (datesMs.length > 0 && datesMs.every(isOpenAt));
  const { members } = group;
  const acts = group.acts();
  const ownKeys = new Set(
    acts.flatMap(({ change }) =>
      change.kind === 'writeKey' && change.member === author ? change.keyID : [],
    ),
  );
  const isOwnKey = (keyID: string) => ownKeys.has(keyID) || members.isWriteKeyOf(author, keyID);
  const isOpen = (act: GroupTransaction) => isMember || isOpenAt(act.atMs);
  const isByInvite = (act: GroupTransaction) => act.change.kind !== 'malformed' && members.isInviteAt(act);
  return acts.every((act) => isByInvite(act) || (isOpen(act) && isOwn(act.change, author, isOwnKey)));
}

function isOwn(change: GroupChange, author: string, isOwnKey: (keyID: string) => boolean): boolean {
  switch (change.kind) {
    case 'role':
      return change.member === author && change.role === 'revoked';
    case 'writeKey':
      return change.member === author;
    case 'revelation':
      return change.to !== 'everyone' && isOwnKey(change.keyID);
    case 'parent':
    case 'setting':
    case 'private':
    case 'malformed':
      return false;
  }
}
