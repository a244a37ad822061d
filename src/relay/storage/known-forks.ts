import type { Content } from '../../engine/content.ts';
import { forkKey, withoutForks, type Fork } from './find-forks.ts';

/**
 * What still waits when a fork is found was made from the refused side: its transactions build on refused ones, and
 * its acknowledgements speak of them. Both are told by the number of forks that were known when they came.
 */
export interface KnownForks {
  /** Taken when something is queued. */
  readonly count: number;
  add(fork: Fork): void;
  /** Leaves out what comes from the refused side. */
  strip(content: Content, since: number): Content;
  /** Whether a fork was found since then in this CoValue, or, without an id, in any. */
  hasAny(id: string | undefined, since: number): boolean;
  /** Nothing is queued any more that is older than `since`. */
  forgetUpTo(since: number): void;
}

export function createKnownForks(): KnownForks {
  const numberByKey = new Map<string, number>();
  const numberByID = new Map<string, number>();
  let count = 0;

  return {
    get count() {
      return count;
    },
    add(fork) {
      count++;
      numberByKey.set(forkKey(fork), count);
      numberByID.set(fork.id, count);
    },
    strip(content, since) {
      if ((numberByID.get(content.id) ?? 0) <= since) return content;
      return withoutForks(
        content,
        (sessionID) => (numberByKey.get(forkKey({ id: content.id, sessionID })) ?? 0) > since,
      );
    },
    hasAny: (id, since) => (id === undefined ? count : (numberByID.get(id) ?? 0)) > since,
    forgetUpTo(since) {
      if (since < count) return;
      numberByKey.clear();
      numberByID.clear();
    },
  };
}
