import type { CoValueState } from '../covalue-facts.ts';
import type { CoValueKind, CoValueLabel } from '../../snapshot/covalue-kind.ts';
import type { UnsyncedRow } from '../../snapshot/unsynced-row.ts';

/** One of the CoValues that the node knows, as plain JSON. */
export interface ListedCoValue extends CoValueLabel {
  readonly id: string;
  readonly state: CoValueState;
  /** The group or account that owns it. Absent for groups and accounts, and if it is not in memory. */
  readonly owner?: { readonly id: string; readonly name?: string };
  /** Of all its transactions; absent if it is not in memory, or not counted yet. */
  readonly bytes?: number;
  /** The latest date of a transaction, according to its author, in ms since the Unix epoch. */
  readonly editedAtMs?: number;
  readonly readers?: Readers;
  /** Its row in the snapshot's `unsynced`; absent if no edit from this device is waiting. */
  readonly unsynced?: UnsyncedRow;
}

/** The number of members who can read it, including this account. `not-open`: the group, or one above it, is not open on this page. */
export type Readers = number | 'everyone' | 'not-open';

/** `progress`: CoValues furthest from confirmed come first. */
export type ListOrder = 'progress' | 'name' | 'kind' | 'owner' | 'bytes' | 'edited' | 'readers';

export interface ListWanted {
  readonly offset?: number;
  /** Default: 100. */
  readonly limit?: number;
  /** Part of the ID, the name, the kind, or the name of the owner; or a regular expression. */
  readonly text?: string;
  readonly isPattern?: boolean;
  readonly kind?: CoValueKind;
  /** Default: `edited`, latest first. */
  readonly order?: ListOrder;
  readonly isReversed?: boolean;
}

export interface CoValueList {
  /** All that the node knows, including those that it has only requested. */
  readonly known: number;
  /** How many of them match all but `kind`, by kind. */
  readonly kinds: Readonly<Partial<Record<CoValueKind, number>>>;
  /** How many match. */
  readonly total: number;
  readonly rows: readonly ListedCoValue[];
  /** How many have no name, size and date yet: these are read in slices, and subscribers are notified. */
  readonly unread: number;
}
