import type { SyncMessage } from 'cojson';

export const contentFormat = { maia: 'content', v: 1 } as const;

/** The first line of exported content. `v` goes up when older readers would misread it. */
export interface ContentHead {
  readonly maia: 'content';
  readonly v: 1;
  readonly kernel: string;
  readonly exportedAtMs: number;
  readonly which: 'unsynced' | 'all';
  readonly accountID: string;
  /** `memory`: of a session that keeps nothing on this device, or whose storage nobody can look into, it has what is loaded. */
  readonly of: 'device' | 'memory';
}

/** A line after it. */
export type ContentLine =
  /** Messages in their order, as a relay is given them that has nothing of the CoValue: the header is in the first. */
  | {
      readonly kind: 'covalue';
      readonly id: string;
      readonly content: readonly (SyncMessage & { readonly action: 'content' })[];
    }
  /** One that could not be read; without an id, all that is on this device and not loaded. */
  | { readonly kind: 'unreadable'; readonly id?: string; readonly reason: string }
  | ContentEnd;

/** The last line: a file without it was cut off. */
export interface ContentEnd {
  readonly kind: 'end';
  /** Lines of each of the other two kinds. */
  readonly coValues: number;
  readonly unreadable: number;
  /** CoValues that are in no file: passkeys' entries, which hold the account's seed, encrypted to a passkey. */
  readonly leftOut: number;
}
