import type { SyncMessage } from 'cojson';

export const contentFormat = { maia: 'content', v: 1 } as const;

/** The first line of exported content. `v` is incremented when older readers would misread it. */
export interface ContentHead {
  readonly maia: 'content';
  readonly v: 1;
  readonly kernel: string;
  readonly exportedAtMs: number;
  readonly which: 'unsynced' | 'all';
  readonly accountID: string;
  /** `memory`: only loaded content, because the session stores nothing on this device or its storage is not readable. */
  readonly of: 'device' | 'memory';
}

export type ContentLine =
  /** In order, the messages for a relay that has nothing of the CoValue; the first contains the header. */
  | {
      readonly kind: 'covalue';
      readonly id: string;
      readonly content: readonly (SyncMessage & { readonly action: 'content' })[];
    }
  /** An unreadable CoValue; without an ID, everything on this device that is not loaded. */
  | { readonly kind: 'unreadable'; readonly id?: string; readonly reason: string }
  | ContentEnd;

/** The last line; a file without it is truncated. */
export interface ContentEnd {
  readonly kind: 'end';
  /** Number of lines of each other kind. */
  readonly coValues: number;
  readonly unreadable: number;
  /** CoValues excluded from every file: passkey entries, which hold the account's seed, encrypted to a passkey. */
  readonly leftOut: number;
}
