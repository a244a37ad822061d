import type { Author, Page } from './covalue-facts.ts';
import type { ShownValue } from './shown-value.ts';

/** Keys of maps and objects, indices of lists, session ids of streams: from the CoValue down. */
export type TreePath = readonly (string | number)[];

export type TreeWanted = Page;

/**
 * - `read`: `rows` are the children of the path.
 * - `hidden`: the kernel's own, which is nobody's to see.
 * - `not-open`: the app has not opened it, and reading has no side effect.
 * - `nothing`: there is no such value any more.
 */
export type TreePage =
  | {
      readonly state: 'read';
      readonly what: TreeWhat;
      /** Children that there are. */
      readonly total: number;
      readonly rows: readonly TreeRow[];
    }
  | { readonly state: 'hidden' | 'not-open' | 'nothing' };

/** What the children are children of. */
export type TreeWhat =
  | { readonly kind: 'map' | 'list' | 'stream' | 'session' | 'object' | 'array' }
  /** Its children are none: of a text, as much as a page shows. */
  | { readonly kind: 'text'; readonly preview: string; readonly length: number }
  | {
      readonly kind: 'binary';
      readonly mimeType?: string;
      readonly fileName?: string;
      /** As its maker announced it. */
      readonly totalBytes?: number;
      readonly isComplete: boolean;
    };

export interface TreeRow {
  readonly key: string | number;
  /** Of a stream's session. */
  readonly author?: Author;
  /** Of a stream's session: how many items. */
  readonly items?: number;
  readonly value?: ShownValue;
  /** What wrote it; of values inside a value, that of the whole. */
  readonly edit?: TreeEdit;
}

export interface TreeEdit {
  readonly sessionID: string;
  readonly index: number;
  readonly madeAtMs: number;
  /** Hosts of relays that have spoken of the CoValue, and lack it. */
  readonly missingAt?: readonly string[];
}
