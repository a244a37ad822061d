import type { Content } from '../../engine/content.ts';
import { forkKey, withoutForks, type Fork } from './find-forks.ts';

/** Numbers forks, to recognize content and acknowledgements that were queued before a fork and may contain its branch. */
export interface KnownForks {
  /** Record it with each queued item. */
  readonly count: number;
  add(fork: Fork): void;
  /** Removes the sessions of refused branches. */
  strip(content: Content, since: number): Content;
  /** Whether a fork was found after `since`, in this CoValue or, without an ID, in any CoValue. */
  hasAny(id: string | undefined, since: number): boolean;
  /** Call as soon as nothing older than `since` is queued. */
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
