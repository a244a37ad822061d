import type { RungStep } from '../../sync/inspection.ts';
import type { RungName } from '../snapshot.ts';
import type { Author } from './covalue-facts.ts';
import type { ShownValue } from './shown-value.ts';

/** How many transactions of each session are older than what was read: where the next page goes on. Nobody else makes one. */
export type TransactionCursor = Readonly<Record<string, number>>;

export interface TransactionsWanted {
  /** `older` of the page before; the newest where it is left out. */
  readonly before?: TransactionCursor;
  /** At most 500, and 100 where it is left out. */
  readonly limit?: number;
}

export interface TransactionPage {
  /** Of all sessions. */
  readonly total: number;
  /** Newest first, by what their authors' clocks said; of one session always in its order. */
  readonly rows: readonly TransactionRow[];
  /** Absent where these are the oldest. */
  readonly older?: TransactionCursor;
}

export interface TransactionRow {
  readonly sessionID: string;
  /** In its session, from 0 on. */
  readonly index: number;
  readonly author: Author;
  readonly isThisTab?: true;
  /** By its author's clock, in ms since the Unix epoch. */
  readonly madeAtMs: number;
  readonly privacy: 'private' | 'trusting';
  /** Of its changes, as they are stored. */
  readonly bytes: number;
  readonly changes: TransactionChanges;
  /** Why it counts for nothing, in cojson's words, such as that its author may not write. */
  readonly refused?: string;
  /** It deletes the CoValue. */
  readonly deletes?: true;
  readonly steps: Readonly<Record<RungName, RungStep>>;
}

export type TransactionChanges =
  | { readonly state: 'read'; readonly changes: readonly ShownChange[]; readonly leftOut: number }
  /** The kernel's own, which are nobody's to see. */
  | { readonly state: 'hidden' }
  | { readonly state: 'encrypted'; readonly why: WhyEncrypted };

/**
 * - `not-open`: the app has not opened the CoValue, and reading it has no side effect.
 * - `not-checked`: it is new, and cojson has not looked at it yet.
 * - `not-permitted`: its author was not allowed to make it, so cojson does not decrypt it.
 * - `no-key`: this account does not have the key.
 * - `unknown`: cojson keeps what it decrypted elsewhere than this version of the kernel knows.
 */
export type WhyEncrypted = 'not-open' | 'not-checked' | 'not-permitted' | 'no-key' | 'unknown';

/** One operation on a map, list, text or stream. */
export interface ShownChange {
  /** As cojson writes it: `set`, `del`, `app`, `pre`, `start`, `chunk`, `end`; `push` for an item of a stream. */
  readonly op: string;
  readonly key?: string;
  readonly value?: ShownValue;
}
