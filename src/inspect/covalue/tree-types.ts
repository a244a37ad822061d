import type { Author, Page } from './covalue-facts.ts';
import type { ShownValue } from './shown-value.ts';

/** From the CoValue down: keys of maps and objects, indices of lists, session IDs of streams. */
export type TreePath = readonly (string | number)[];

export type TreeWanted = Page;

/** `hidden`: it belongs to the kernel. `not-open`: the app has not opened it. `nothing`: the value no longer exists. */
export type TreePage =
  | {
      readonly state: 'read';
      readonly what: TreeWhat;
      readonly total: number;
      readonly rows: readonly TreeRow[];
    }
  | { readonly state: 'hidden' | 'not-open' | 'nothing' };

/** The value whose children the page lists. */
export type TreeWhat =
  | { readonly kind: 'map' | 'list' | 'stream' | 'session' | 'object' | 'array' }
  /** Has no children; the preview holds as much as a page shows. */
  | { readonly kind: 'text'; readonly preview: string; readonly length: number }
  | {
      readonly kind: 'binary';
      readonly mimeType?: string;
      readonly fileName?: string;
      /** As announced by its creator. */
      readonly totalBytes?: number;
      readonly isComplete: boolean;
    };

export interface TreeRow {
  readonly key: string | number;
  /** Only for a stream's session. */
  readonly author?: Author;
  /** Number of items; only for a stream's session. */
  readonly items?: number;
  readonly value?: ShownValue;
  /** The edit that wrote it; inside a JSON value, the edit that wrote the whole value. */
  readonly edit?: TreeEdit;
}

export interface TreeEdit {
  readonly sessionID: string;
  readonly index: number;
  readonly madeAtMs: number;
  readonly missingAt?: readonly string[];
}
