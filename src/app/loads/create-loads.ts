import type { RawCoID, RawCoMap, RawCoValue } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import { invalidCoValueID } from '../../engine/covalue-errors.ts';
import type { WaitOptions } from '../../sync/sync-peers.ts';
import { isCoValueID } from '../../wire/ids.ts';
import type { Searches } from './create-searches.ts';
import { loadAborted, loadAfterClose, loadTimedOut } from './load-errors.ts';
import type { Finding } from './search.ts';

/** Loads CoValues for an app. Every load ends, and what it resolves with is complete. */
export interface Loads {
  load<T extends RawCoValue = RawCoMap>(id: string, options?: WaitOptions): Promise<T>;
  /** Rejects all loads, and every later one. */
  close(): void;
}

/** How long relays have to answer. After it, what this device has decides. */
export const defaultTimeoutMs = 10_000;

export function createLoads(options: { readonly searches: Searches; readonly clock: Clock }): Loads {
  const { searches, clock } = options;
  const pending = new Set<(error: KernelError) => void>();
  let isClosed = false;

  function find(id: RawCoID, timeoutMs: number, signal: AbortSignal | undefined): Promise<RawCoValue> {
    return new Promise((resolve, reject) => {
      const ended = new AbortController();
      const search = searches.create(id, () => search.found && end(search.found));

      function end(result: Finding): void {
        if (ended.signal.aborted) return;
        ended.abort();
        search.end();
        pending.delete(end);
        if (result instanceof Error) reject(result);
        else resolve(result);
      }

      function timeOut(): void {
        search.waitNoLonger();
        end(loadTimedOut(id, timeoutMs, search.delay));
      }

      pending.add(end);
      ended.signal.addEventListener('abort', clock.after(timeoutMs, timeOut));
      signal?.addEventListener('abort', () => end(loadAborted(id, signal)), { signal: ended.signal });
      search.start();
    });
  }

  async function load(
    id: string,
    { signal, timeoutMs = defaultTimeoutMs }: WaitOptions = {},
  ): Promise<RawCoValue> {
    if (!isCoValueID(id)) throw invalidCoValueID(id);
    if (signal?.aborted) throw loadAborted(id, signal);
    if (isClosed) throw loadAfterClose();
    return find(id, timeoutMs, signal);
  }

  return {
    load: load as Loads['load'],
    close() {
      isClosed = true;
      for (const end of [...pending]) end(loadAfterClose());
    },
  };
}
