import type { Role } from '../../base/role.ts';

/** The member that means anyone. */
export const everyone = 'everyone';

/** `readerInvite` and its like are the roles of an invite's own agent. */
export type MemberRole = Role | `${Role}Invite` | 'revoked';

/** What the members of a parent group get: their role there (`extend`), this one, or nothing any more. */
export type ParentRole = 'extend' | 'admin' | 'manager' | 'writer' | 'reader' | 'revoked';

/** What a transaction of a group or account is about. Members are IDs of accounts or agents, or `everyone`. */
export type GroupChange =
  /** Its content cannot be seen here. */
  | { readonly kind: 'private' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'role'; readonly member: string; readonly role: MemberRole }
  | { readonly kind: 'parent'; readonly parentID: string; readonly role: ParentRole }
  | { readonly kind: 'setting'; readonly key: SettingKey; readonly value: unknown }
  /** Names the key for what a `writeOnly` member writes. */
  | { readonly kind: 'writeKey'; readonly member: string; readonly keyID: string }
  /** Gives a key to a member, to `everyone`, or to those who have another key or a sealer. Equal fields replace each other. */
  | { readonly kind: 'revelation'; readonly field: string; readonly keyID: string; readonly to: string };

export type SettingKey = 'readKey' | 'groupSealer' | 'profile' | 'root';

export interface GroupTransaction {
  readonly author: string;
  readonly sessionID: string;
  /** Its place in its session, from 0. */
  readonly index: number;
  /** Its date, in ms since the Unix epoch. */
  readonly atMs: number;
  readonly change: GroupChange;
  /** On a revocation: how much of each session of the revoked its author had seen. Any JSON. */
  readonly heads?: unknown;
  /** How much its author had seen of the sessions that changed the same at a later date. Any JSON. */
  readonly ahead?: unknown;
}

/** The roles that a group gives at any date. */
export interface GroupRoles {
  /** Includes what parent groups and `everyone` give; undefined for the revoked and for accounts without a role. */
  roleAt(member: string, atMs: number): MemberRole | undefined;
}

export interface GroupContext {
  readonly initialAdmin: string;
  readonly isAccount: boolean;
  findParent(parentID: string, transaction: GroupTransaction): GroupRoles | 'no group' | 'circular';
  /** Whether this ID is known to belong to something that is no account. */
  isOtherCoValue(id: string): boolean;
}

/** Why a transaction does not count. Undefined if it does. */
export type Refusal = string | undefined;

/** Equal for changes of which the last by date decides, in groups of roles, parents and settings; undefined for keys. */
export function subjectOf(change: GroupChange): string | undefined {
  switch (change.kind) {
    // IDs, and `everyone`, differ from what the others return. Otherwise, a group of a thousand members would keep a thousand strings.
    case 'role':
      return change.member;
    case 'parent':
      return `parent ${change.parentID}`;
    case 'setting':
      return `setting ${change.key}`;
    default:
      return undefined;
  }
}

export function isSameSubject(one: GroupChange, other: GroupChange): boolean {
  if (one.kind === 'writeKey') return other.kind === 'writeKey' && other.member === one.member;
  const subject = subjectOf(one);
  return subject !== undefined && subject === subjectOf(other);
}

/** Of a parent that gives nothing. */
export const noRoles: GroupRoles = { roleAt: () => undefined };
