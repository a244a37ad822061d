import type { JsonValue, RawCoMap, RawCoValue } from 'cojson';
import type { Readable } from '../base/readable.ts';
import type { RecoverableEdit } from '../engine/edit-verdicts.ts';
import type { WaitOptions } from '../sync/sync-peers.ts';
import type { Files } from './files/files.ts';
import type { Presence } from './presence/presence-types.ts';
import type { Invite, Joined, LinkRole, MemberList, Share } from './sharing/sharing-types.ts';
import type { Watched } from './watching/watched.ts';

/** A CoValue or its ID. */
export type Target = RawCoValue | string;

export interface ShareOptions {
  /** What those who join may do. Default: 'writer'. Only an admin can invite managers. */
  readonly role?: LinkRole;
  /** The page that the link opens; its query and fragment are left out. Default: this page. */
  readonly url?: string | URL;
}

/** Of an account, for those with whom it shares. */
export interface Profile {
  readonly name?: string;
}

/** What an app does with CoValues in an open account. */
export interface AppCalls {
  /**
   * Loads a CoValue with everything that reading it requires, from this device or from a relay.
   *
   * Rejects with CO_VALUE_NOT_FOUND (every relay said so), CO_VALUE_FORBIDDEN (this account has no role in its group),
   * CO_VALUE_DELETED, CO_VALUE_UNREADABLE (this device's storage failed twice), ABORTED, SESSION_CLOSED, MESSAGE_INVALID
   * for an invalid ID, and after `timeoutMs` (default 10,000) with TIMEOUT.
   */
  load<T extends RawCoValue = RawCoMap>(id: string, options?: WaitOptions): Promise<T>;
  /**
   * A CoValue as it changes, for a component. The same ID gives the same Readable, so it may be called in a render. It is loaded
   * and followed only while the Readable is subscribed to; until then, `current` shows what is in memory. Never throws: what
   * `load` rejects with is a state here, and may pass. An edit made here is published in the call that makes it. After the
   * session is closed, the last state stays.
   */
  watch<V = JsonValue, T extends RawCoValue = RawCoMap>(id: string): Readable<Watched<V, T>>;
  /**
   * Several, in the order of their IDs. An edit made here is published in the call that makes it, other changes together, at most
   * once a frame. The same list gives the same Readable, and what has not changed stays the same object.
   */
  watchAll<V = JsonValue, T extends RawCoValue = RawCoMap>(
    ids: readonly string[],
  ): Readable<readonly Watched<V, T>[]>;
  /**
   * The account's edits of a CoValue that are stored and delivered, but do not count, with what each wanted: of all its devices,
   * also of earlier runs, oldest first. For their author, to copy the words or make them again. Followed while subscribed to;
   * until then, `current` has what is in memory. Throws MESSAGE_INVALID for an invalid ID.
   */
  notCounted(value: Target): Readable<readonly RecoverableEdit[]>;
  /**
   * Creates a link with which anyone can join the group of a CoValue. It works once the group's edits have reached a relay:
   * `sync.whenConfirmed(groupID)`.
   *
   * Rejects with SHARE_FORBIDDEN (this account is no manager or admin of the group, or the CoValue has no group), a TypeError for
   * another role or an invalid `url`, and like `load`.
   */
  share(value: Target, options?: ShareOptions): Promise<Share>;
  /**
   * Joins a group by an invite: what `takeInvite` returned, or a link to any page. Safe to repeat, and calls at the same time have
   * one outcome. Never lowers a role. Waits up to `timeoutMs` (default 20,000) for the relay, and until the invite's maker has
   * uploaded it.
   *
   * Rejects with INVITE_INVALID, and like `load`. A member's call resolves although the invite is revoked.
   */
  acceptInvite(invite: Invite | string | URL, options?: WaitOptions): Promise<Joined>;
  /**
   * This account's name, as those with whom it shares see it; never public. `{}` without one, and until it has loaded, which the
   * first subscription, or the tenth second of the session, begins.
   */
  readonly profile: Readable<Profile>;
  /**
   * Names the account on all its devices, and to the members of the groups that it has shared or joined: on one line, with at most
   * 100 characters and 4,000 bytes. An empty name removes it. Resolves once this device has it, also offline.
   *
   * Rejects with VALUE_TOO_LARGE, CO_VALUE_UNREADABLE, KERNEL_NOT_LOADED, SESSION_CLOSED, or a TypeError for what is no string, and
   * changes nothing.
   */
  rename(name: string): Promise<void>;
  /**
   * Who can open a CoValue: the members of its group and of those above, and the group's open links. The same ID gives the same
   * list while it is in use. `current` is kept up to date while anyone is subscribed. Throws MESSAGE_INVALID for an invalid ID.
   */
  members(value: Target): MemberList;
  /**
   * Shows which sessions have the CoValue open, and what each shows, such as a cursor. It is sealed for the members of its group,
   * and never stored. The same CoValue gives the same object while it is in use. `S` is not checked. Throws MESSAGE_INVALID for an
   * invalid ID.
   */
  presence<S extends JsonValue = JsonValue>(value: Target): Presence<S>;
  /** Files of a group. */
  readonly files: Files;
}
