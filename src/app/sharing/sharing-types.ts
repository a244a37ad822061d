import type { Readable } from '../../base/readable.ts';
import type { Role } from '../../base/role.ts';

/** A role that a link can give. Not `admin`, because no one could remove one again. */
export type LinkRole = Exclude<Role, 'admin'>;

/** What a link holds. Anyone who has `secret` can join, so never log it or store it unencrypted. */
export interface Invite {
  readonly id: string;
  readonly secret: string;
}

/** An invite to a group. Anyone who has `link` can join until it is revoked. */
export interface Share {
  readonly link: string;
  /** The shared CoValue. */
  readonly id: string;
  readonly groupID: string;
  readonly role: LinkRole;
  /**
   * Closes the link, and replaces the group's key. Works offline, and is safe to repeat. Rejects with SHARE_FORBIDDEN if this
   * account may not do so any more, or SESSION_CLOSED.
   */
  revoke(): Promise<void>;
}

/** What `acceptInvite` resolves with. */
export interface Joined {
  /** What the link opens. */
  readonly id: string;
  readonly groupID: string;
  /** What this account may do now. It may be more than the link gives. */
  readonly role: Role;
  readonly wasMember: boolean;
}

/** An account that can open what a group owns. */
export interface Member {
  readonly accountID: string;
  /** What the account may do in all, also by groups above. */
  readonly role: Role;
  /** As the account has named itself; no one else can. Not unique. Absent without one, and until it has arrived. */
  readonly name?: string;
  readonly isMe: boolean;
}

/** A link with which anyone who has it can join. */
export interface OpenLink {
  /** Which link it is. It opens nothing. */
  readonly id: string;
  /** Also 'admin' if another app has made the link. */
  readonly role: Role;
  readonly createdAtMs: number;
  /** As for `Share`. */
  revoke(): Promise<void>;
}

/** Immutable. */
export interface Members {
  /** 'loading': the group, or one above it, has yet to arrive. */
  readonly state: 'loading' | 'ready';
  /** This account first, then the others in the order in which they joined. */
  readonly members: readonly Member[];
  readonly links: readonly OpenLink[];
  /** What every account may do that has the ID. Absent if it may do nothing. */
  readonly everyone?: Role;
}

export interface MemberList extends Readable<Members> {
  /**
   * Removes an account, closes all open links, and replaces the key. What was read stays read. With this account's ID, leaves the
   * group. Also removes an account whose joining has not arrived here. Does nothing if it was removed and no link is open; but an
   * admin removes again whom only a manager has removed.
   *
   * Rejects with SHARE_FORBIDDEN (this account is no manager or admin, the other one is an admin, or it has its role from a group
   * above, which is `details.id`), EDIT_NOT_COUNTED (a clock is wrong), and like `load`.
   */
  remove(accountID: string): Promise<void>;
  /**
   * Gives an account a role, whether it was a member or not. If that is a lesser role, closes the links through which it could have
   * the former one again. Rejects like `remove`, and with a TypeError for another role.
   */
  setRole(accountID: string, role: LinkRole): Promise<void>;
}
