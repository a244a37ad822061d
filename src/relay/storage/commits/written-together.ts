import type { Content, RawCoID } from '../../../engine/content.ts';
import type { Claim } from '../../beginnings/claims.ts';
import type { Fork } from '../find-forks.ts';

/** Content that is stored in one transaction, or not at all. */
export interface WrittenTogether {
  readonly contents: readonly Content[];
  readonly claims: readonly Claim[];
  /** The CoValues that it deletes, by authors who may do so. */
  readonly deletions: ReadonlySet<RawCoID>;
  /** Names the client, so that it is not notified. */
  readonly pushedBy?: string | undefined;
  /** The principal that sent it; undefined if clients need not sign in. */
  readonly payer?: string | undefined;
}

/** Nothing was written, because a part of it does not fit to what is stored. */
export class NotWrittenTogether extends Error {
  constructor(
    readonly forks: readonly Fork[],
    /** Earlier transactions of these are missing. */
    readonly gapped: readonly Content[],
  ) {
    super('A part of the content does not fit to what is stored.');
  }
}
