import type { Step } from '../../sync/sync-state.ts';
import type { RungName } from '../snapshot/overview-facts.ts';
import type { Author } from './covalue-facts.ts';
import type { ShownValue } from './shown-value.ts';

/** For each session, the number of transactions older than the page. Opaque: take it from a page's `older`. */
export type TransactionCursor = Readonly<Record<string, number>>;

export interface TransactionsWanted {
  /** `older` of the previous page. Default: the newest page. */
  readonly before?: TransactionCursor;
  /** At most 500. Default: 100. */
  readonly limit?: number;
}

export interface TransactionPage {
  readonly total: number;
  /** Newest first by their authors' clocks, but always in order within a session. */
  readonly rows: readonly TransactionRow[];
  /** Absent on the oldest page. */
  readonly older?: TransactionCursor;
}

export interface TransactionRow {
  readonly sessionID: string;
  /** In its session, starting at 0. */
  readonly index: number;
  readonly author: Author;
  readonly isThisTab?: true;
  /** By its author's clock, in ms since the Unix epoch. */
  readonly madeAtMs: number;
  readonly privacy: 'private' | 'trusting';
  readonly bytes: number;
  readonly changes: TransactionChanges;
  /** Why it is invalid, in cojson's words, for example because its author may not write. */
  readonly refused?: string;
  readonly deletes?: true;
  readonly steps: Readonly<Record<RungName, Step>>;
}

export type TransactionChanges =
  | { readonly state: 'read'; readonly changes: readonly ShownChange[]; readonly leftOut: number }
  /** The kernel's own changes stay hidden. */
  | { readonly state: 'hidden' }
  | { readonly state: 'encrypted'; readonly why: WhyEncrypted };

/**
 * `not-open`: the app has not opened the CoValue. `not-checked`: cojson has not verified it yet. `not-permitted`: its
 * author lacked permission. `no-key`: this account lacks the key. `unknown`: cojson stores decrypted changes elsewhere.
 */
export type WhyEncrypted = 'not-open' | 'not-checked' | 'not-permitted' | 'no-key' | 'unknown';

/** One operation on a map, list, text or stream. */
export interface ShownChange {
  /** cojson's operation: `set`, `del`, `app`, `pre`, `start`, `chunk`, `end`; `push` for an item of a stream. */
  readonly op: string;
  readonly key?: string;
  readonly value?: ShownValue;
}
