import type { RawCoID } from 'cojson';
import type { Changed, CountedWork } from './counted-readable.ts';
import { isKernelError, type LoadDelay } from '../../base/kernel-error.ts';
import type { AppParts } from '../app-parts.ts';
import type { Searches } from '../loads/create-searches.ts';
import { wholeContent } from '../loads/whole-content.ts';
import { defaultTimeoutMs } from '../loads/create-loads.ts';
import { delayOf, mayAnswerSoon } from '../loads/relays-to-ask.ts';
import type { Finding, Search } from '../loads/search.ts';
import { describeWatched, type WatchedAny } from './describe-watched.ts';

const firstRetryMs = 1_000;
const lastRetryMs = 60_000;

/** Watches one CoValue while it is subscribed to. Otherwise it shows what is in memory. */
export function watchCoValue(
  id: RawCoID,
  parts: Pick<AppParts, 'node' | 'sync' | 'clock'> & {
    readonly searches: Searches;
    readonly isClosed: () => boolean;
  },
): CountedWork<WatchedAny> {
  const { node, sync, clock, searches, isClosed } = parts;
  const steps = sync.stateOf(id);
  let search: Search | undefined;
  let before: WatchedAny | undefined;

  function found(): Finding | undefined {
    return search ? search.found : wholeContent(node, id);
  }

  /** "Offline" would be a guess while this device may have the value, or may have a connection in a moment. */
  function delay(): LoadDelay {
    const known = delayOf(node, sync.current);
    if (isClosed()) return known;
    if (!search?.isStorageRead) return 'no-answer';
    return known === 'offline' && mayAnswerSoon(sync.current) ? 'no-answer' : known;
  }

  function read(): WatchedAny {
    if (isClosed() && before) return before;
    try {
      before = describeWatched({
        id,
        before,
        found: found(),
        delay,
        nowMs: clock.nowMs,
        steps: () => steps.current,
      });
    } catch {
      // cojson cannot read the content.
      before = before?.state === 'unreadable' ? before : { id, state: 'unreadable' };
    }
    return before;
  }

  function start(changed: Changed): () => void {
    let retryMs = firstRetryMs;
    let cancelRetry: (() => void) | undefined;
    let hasContent = false;

    /** Once the value has been shown, what this device has of its group decides. */
    function foundContent(): void {
      const { found } = started;
      if (hasContent || !found || found instanceof Error) return;
      hasContent = true;
      started.waitNoLonger();
    }

    function retryReading(): void {
      if (!isKernelError(started.found, 'CO_VALUE_UNREADABLE')) return;
      cancelRetry ??= clock.after(retryMs, () => {
        cancelRetry = undefined;
        retryMs = Math.min(lastRetryMs, retryMs * 2);
        started.readAgain();
      });
    }

    const started = searches.create(id, () => {
      foundContent();
      retryReading();
      // What loads is no edit that a user waits for.
      changed(before?.state === 'ready');
    });
    search = started;
    const cancelWait = clock.after(defaultTimeoutMs, started.waitNoLonger);
    const stopSteps = steps.subscribe(() => changed());
    started.start();
    return () => {
      search = undefined;
      cancelWait();
      cancelRetry?.();
      stopSteps();
      started.end();
    };
  }

  return { read, start };
}
