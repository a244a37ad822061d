import {
  createCountedReadable,
  type CountedReadable,
  type CountedWork,
  type Later,
} from './counted-readable.ts';
import { createWeakCache } from '../weak-cache.ts';
import { isCoValueID } from '../../wire/ids.ts';
import type { AppCalls } from '../app-calls.ts';
import type { AppParts } from '../app-parts.ts';
import type { Searches } from '../loads/create-searches.ts';
import type { WatchedAny } from './describe-watched.ts';
import { onceAFrame } from './once-a-frame.ts';
import { watchCoValue } from './watch-covalue.ts';
import { watchNotCounted } from './watch-not-counted.ts';

export interface Watching extends Pick<AppCalls, 'watch' | 'watchAll'> {
  /** `id` is valid. */
  notCounted(id: string): ReturnType<AppCalls['notCounted']>;
  /** Ends every subscription. Each state stays as it is. */
  close(): void;
}

export function createWatching(
  parts: Pick<AppParts, 'node' | 'accountID' | 'sync' | 'clock'> & { readonly searches: Searches },
): Watching {
  /** Those that are subscribed to. */
  const running = new Set<CountedReadable<unknown>>();
  let isClosed = false;

  function create<T>({ read, start }: CountedWork<T>, later?: Later): CountedReadable<T> {
    const readable = createCountedReadable(
      {
        read,
        start(changed) {
          if (isClosed) return () => {};
          const stop = start(changed);
          running.add(readable);
          return () => {
            running.delete(readable);
            stop();
          };
        },
      },
      later,
    );
    return readable;
  }

  function watchEach(ids: readonly string[]): CountedWork<readonly WatchedAny[]> {
    const each = ids.map(watch);
    let before: readonly WatchedAny[] = [];
    return {
      read() {
        const now = each.map(({ current }) => current);
        return now.every((one, index) => one === before[index]) ? before : (before = now);
      },
      start(changed) {
        const stops = each.map((one) => one.subscribe(() => changed(one.isUrgent)));
        return () => {
          for (const stop of stops) stop();
        };
      },
    };
  }

  const watch = createWeakCache((id) =>
    create(isCoValueID(id) ? watchCoValue(id, { ...parts, isClosed: () => isClosed }) : nowhere(id)),
  );
  const watchList = createWeakCache((ids) =>
    create(watchEach(JSON.parse(ids) as readonly string[]), onceAFrame(parts.clock)),
  );

  const notCounted = createWeakCache((id) => create(watchNotCounted(id, { ...parts, watch })));

  return {
    notCounted,
    watch: watch as Watching['watch'],
    watchAll: ((ids) => watchList(JSON.stringify(ids))) as Watching['watchAll'],
    close() {
      for (const readable of running) readable.publishDue();
      isClosed = true;
      for (const readable of [...running]) readable.close();
    },
  };
}

/** For an ID of no CoValue. */
function nowhere(id: string): CountedWork<WatchedAny> {
  const state: WatchedAny = { id, state: 'unavailable' };
  return { read: () => state, start: () => () => {} };
}
