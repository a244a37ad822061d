/**
 * What a run did and showed. Names of tabs, CoValues and edits are unique in a run. Events of one tab are in their order;
 * those of different tabs may be interleaved in any way, but nothing after `settled` belongs before it.
 */
export type History = readonly HistoryEvent[];

export type HistoryEvent =
  | Edit
  | Read
  | Promised
  | TabEnded
  /** The edit is made after this, which counts if its own event may be recorded late. */
  | { readonly type: 'attempt'; readonly edit: string }
  /** A fault, for the description of a finding. */
  | { readonly type: 'note'; readonly text: string }
  /** A relay lost what it had confirmed; all faults are over and everything has arrived. */
  | { readonly type: 'restored' | 'settled' };

/** Record it before the edit can be read elsewhere, also if the page may be killed before it makes the edit. */
export interface Edit {
  readonly type: 'edit';
  readonly name: string;
  readonly device: string;
  readonly tab: string;
  readonly session: string;
  readonly coValue: string;
  /** What it sets or deletes: a map's key, a list's item. Only creations and deletions of CoValues have none. */
  readonly key?: string;
  /** It deletes the whole CoValue. */
  readonly isDeletion?: boolean;
  /** Edits of a group; the author had no right to edit without one of them. */
  readonly rights?: { readonly group: string; readonly edits: readonly string[] };
}

/** All that one tab shows of a CoValue. Record a group before what it owns. */
export interface Read {
  readonly type: 'read';
  readonly device: string;
  readonly tab: string;
  readonly coValue: string;
  /** All edits in its history, overwritten ones included. */
  readonly edits: readonly string[];
  /** The edit that each key shows. */
  readonly shown: Readonly<Record<string, string>>;
  readonly isDeleted?: boolean;
}

/** The kernel reported that the edit is saved, confirmed, or not counted. */
export interface Promised {
  readonly type: 'saved' | 'confirmed' | 'notCounted';
  readonly edit: string;
}

export interface TabEnded {
  readonly type: 'ended';
  readonly tab: string;
  /** It closed without an error, so it had saved everything. */
  readonly isClean: boolean;
}

/** One contradiction between the history and what must hold. */
export interface Finding {
  readonly rule: Rule;
  /** The index of the event at which it shows. */
  readonly at: number;
  readonly coValue: string;
  readonly tabs: readonly string[];
  readonly edits: readonly string[];
  readonly text: string;
}

export type Rule =
  | 'lost'
  | 'went back'
  | 'effect before cause'
  | 'overwritten shown'
  | 'unknown or doubled'
  | 'different at the end';
