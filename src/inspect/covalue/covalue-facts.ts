import type { CoValueLabel } from '../shared/covalue-label.ts';
import type { RungStep } from '../../sync/inspection.ts';
import type { RungName, UnsyncedRow } from '../snapshot.ts';
import type { ShownValue } from './shown-value.ts';

/**
 * What a page knows of a CoValue without loading it.
 * - `in-memory`: all that follows can be read.
 * - `loading`: asked for, of this device or a relay.
 * - `unloaded`: it was in memory, and has left it again; this device has it.
 * - `on-device`: this device has it, and it was not loaded.
 * - `not-found`: neither this device nor a relay that answered has it.
 * - `not-asked`: nobody has asked for it on this page.
 * - `no-id`: what was given is not the id of a CoValue.
 */
export type CoValueState =
  'in-memory' | 'loading' | 'unloaded' | 'on-device' | 'not-found' | 'not-asked' | 'no-id';

/** One CoValue at one moment, as plain JSON. Its members, sessions, transactions and values come by the page. */
export interface CoValueFacts {
  readonly id: string;
  readonly atMs: number;
  readonly state: CoValueState;
  readonly label: CoValueLabel;
  /** This account; an agent where the node has no account. */
  readonly ownAccountID: string;
  /** Its row of Unsynced: absent where no edit of this device waits. */
  readonly unsynced?: UnsyncedRow;
  /** The relays in the order of `told`. */
  readonly relays: readonly RelayTold[];
  /** Absent where it is not in memory, as what follows. */
  readonly header?: HeaderFacts;
  readonly group?: GroupFacts;
  readonly sessions?: SessionTotals;
  readonly size?: SizeFacts;
  /** The app has opened it: its value, and transactions that are private, can be read only then. */
  readonly isOpen?: boolean;
  readonly isDeleted?: true;
}

export interface HeaderFacts {
  /** As cojson calls it: `comap`, `colist`, `costream`, `coplaintext`. */
  readonly type: string;
  readonly ruleset: 'group' | 'ownedByGroup' | 'unsafeAllowAll' | 'unknown';
  /** Of a group or account: who made it. */
  readonly initialAdmin?: string;
  /** Of what a group owns. */
  readonly groupID?: string;
  readonly meta?: ShownValue;
  readonly uniqueness?: ShownValue;
  /** As its maker wrote it down, in ms since the Unix epoch. Absent where no moment was. */
  readonly createdAtMs?: number;
}

export interface GroupFacts {
  readonly id: string;
  /** `owner`: a group owns the CoValue. `itself`: it is a group, or an account. */
  readonly relation: 'owner' | 'itself';
  readonly kind: 'Group' | 'Account';
  readonly name?: string;
  /** `open`: its members can be read. `not-open`: nothing on this page has looked at it yet. */
  readonly state: 'open' | 'not-open' | 'not-in-memory';
  readonly members: number;
  /** How many keys its values were encrypted with, one after the other. */
  readonly readKeys: number;
  readonly parents: readonly ParentGroup[];
}

export interface ParentGroup {
  readonly id: string;
  readonly name?: string;
  /** Which role its members have here; `extend`: the one that they have there. */
  readonly role: string;
  readonly state: GroupFacts['state'];
}

export interface MemberRow {
  /** An account, an agent, or `everyone`. */
  readonly id: string;
  readonly name?: string;
  readonly isOwn?: true;
  /** What it may do here: its own role, or one from a parent group where that gives more. */
  readonly role: string;
  /** The parent group that the role comes from; absent where it is its own. */
  readonly fromGroupID?: string;
}

export interface SessionTotals {
  readonly sessions: number;
  readonly transactions: number;
}

export interface SizeFacts {
  /** Of the changes as they are stored: characters, which are bytes but for the few that are not encrypted. */
  readonly bytes: number;
  /** How many transactions are counted so far. With each reading more are, so that none takes long. */
  readonly counted: number;
}

export interface RelayTold {
  readonly id: string;
  readonly host: string;
  /** `nothing`: no word of it on this page. */
  readonly state: 'told' | 'nothing' | 'unknown';
  /** Sessions of which it lacks something that is here, and how many transactions it lacks together. */
  readonly behind: SessionTotals;
  /** Sessions of which it has more than is here. */
  readonly ahead: SessionTotals;
  /** This page's messages about it are not passed on to this relay any more: what came from there could not be taken. */
  readonly isSkipped?: true;
}

export interface SessionRow {
  readonly sessionID: string;
  readonly author: Author;
  readonly isThisTab?: true;
  /** Written to delete the CoValue. */
  readonly isDeletion?: true;
  /** Transactions. */
  readonly here: number;
  /** More are on their way in. */
  readonly expected?: number;
  /** By relay, as in `relays`; `null` where it has said nothing of the CoValue. */
  readonly told: readonly (number | 'unknown' | null)[];
  /** How far all of it got. */
  readonly steps: Readonly<Record<RungName, RungStep>>;
}

export interface Author {
  /** An account, or an agent. */
  readonly id: string;
  /** As its profile says, where the app has that open. */
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
