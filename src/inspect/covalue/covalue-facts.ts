import type { Step } from '../../sync/sync-state.ts';
import type { CoValueLabel } from '../snapshot/covalue-kind.ts';
import type { RungName } from '../snapshot/overview-facts.ts';
import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';
import type { ShownValue } from './shown-value.ts';

/**
 * The state of a CoValue, determined without loading it. `loading`: requested from this device or a relay. `unloaded`:
 * evicted from memory, but on this device. `on-device`: stored, but not loaded. `not-found`: missing on this device and
 * on every relay that answered. `not-asked`: never requested by this page. `no-id`: the argument is not a CoValue ID.
 */
export type CoValueState =
  'in-memory' | 'loading' | 'unloaded' | 'on-device' | 'not-found' | 'not-asked' | 'no-id';

/** One CoValue at one moment, as plain JSON. Its members, sessions, transactions and values are paged separately. */
export interface CoValueFacts {
  readonly id: string;
  readonly atMs: number;
  readonly state: CoValueState;
  readonly label: CoValueLabel;
  /** This account, or an agent if the node has no account. */
  readonly ownAccountID: string;
  /** Its row in the snapshot's `unsynced`; absent if no edit from this device is waiting. */
  readonly unsynced?: UnsyncedRow;
  /** In the same order as `told` in a `SessionRow`. */
  readonly relays: readonly RelayTold[];
  /** This field and those below are absent if the CoValue is not in memory. */
  readonly header?: HeaderFacts;
  readonly group?: GroupFacts;
  readonly sessions?: SessionTotals;
  readonly size?: SizeFacts;
  /** Whether the app has opened it. Only then are its value and private transactions readable. */
  readonly isOpen?: boolean;
  readonly isDeleted?: true;
}

export interface HeaderFacts {
  /** cojson's type: `comap`, `colist`, `costream`, `coplaintext`. */
  readonly type: string;
  readonly ruleset: 'group' | 'ownedByGroup' | 'unsafeAllowAll' | 'unknown';
  /** The creator of a group or account. */
  readonly initialAdmin?: string;
  readonly groupID?: string;
  readonly meta?: ShownValue;
  readonly uniqueness?: ShownValue;
  /** According to its creator, in ms since the Unix epoch. Absent if the header has none. */
  readonly createdAtMs?: number;
}

export interface GroupFacts {
  readonly id: string;
  /** `owner`: a group owns the CoValue. `itself`: it is a group, or an account. */
  readonly relation: 'owner' | 'itself';
  readonly kind: 'Group' | 'Account';
  readonly name?: string;
  /** `open`: its members are readable. `not-open`: nothing on this page has opened it yet. */
  readonly state: 'open' | 'not-open' | 'not-in-memory';
  readonly members: number;
  /** Number of keys that have encrypted its values over time. */
  readonly readKeys: number;
  readonly parents: readonly ParentGroup[];
}

export interface ParentGroup {
  readonly id: string;
  readonly name?: string;
  /** The role that members of the parent have in this group; `extend` keeps their role in the parent. */
  readonly role: string;
  readonly state: GroupFacts['state'];
}

export interface MemberRow {
  /** An account, an agent, or `everyone`. */
  readonly id: string;
  readonly name?: string;
  readonly isOwn?: true;
  /** The effective role: its own, or a parent group's if that grants more. */
  readonly role: string;
  /** The parent group that grants the role; absent if it is the member's own. */
  readonly fromGroupID?: string;
}

export interface SessionTotals {
  readonly sessions: number;
  readonly transactions: number;
}

export interface SizeFacts {
  /** In characters of the stored changes, which equal bytes except in the few changes that are not encrypted. */
  readonly bytes: number;
  /** Transactions counted so far. Counting continues over several reads, so that each read is short. */
  readonly counted: number;
}

export interface RelayTold {
  readonly id: string;
  readonly host: string;
  /** `nothing`: the relay has not mentioned it to this page. */
  readonly state: 'told' | 'nothing' | 'unknown';
  /** The transactions here that the relay lacks, and the number of their sessions. */
  readonly behind: SessionTotals;
  /** The relay's transactions that are missing here, and the number of their sessions. */
  readonly ahead: SessionTotals;
  /** cojson no longer sends messages about it to this relay, because it rejected the relay's content for it. */
  readonly isSkipped?: true;
}

export interface SessionRow {
  readonly sessionID: string;
  readonly author: Author;
  readonly isThisTab?: true;
  /** The session holds only the CoValue's deletion. */
  readonly isDeletion?: true;
  /** Number of transactions. */
  readonly here: number;
  /** Includes transactions that are still arriving. */
  readonly expected?: number;
  /** By relay, as in `relays`; `null` if the relay has not mentioned the CoValue. */
  readonly told: readonly (number | 'unknown' | null)[];
  /** The progress of the whole session at each rung. */
  readonly steps: Readonly<Record<RungName, Step>>;
}

export interface Author {
  /** An account, or an agent. */
  readonly id: string;
  /** From its profile, if the app has opened it. */
  readonly name?: string;
  readonly isOwn?: true;
}

export interface Page {
  readonly offset?: number;
  /** At most 500. */
  readonly limit?: number;
}

export interface MemberPage {
  readonly total: number;
  readonly rows: readonly MemberRow[];
}

export interface SessionPage {
  readonly total: number;
  readonly rows: readonly SessionRow[];
}
