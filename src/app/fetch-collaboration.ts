import { createLazyModule } from '../base/lazy-module.ts';
import { createLazyReadable } from '../base/lazy-readable.ts';
import type { Readable } from '../base/readable.ts';
import type { CollaborationParts } from './app-parts.ts';
import type { Collaboration } from './collaboration.ts';
import { loadAfterClose } from './loads/load-errors.ts';

/** Fetches the calls that are not in the code of every session. */
export interface CollaborationFetch {
  /** Rejects with KERNEL_NOT_LOADED, or SESSION_CLOSED. */
  fetch(): Promise<Collaboration>;
  /** Never rejects: while the code cannot be fetched, tries again. */
  whenFetched(): Promise<Collaboration>;
  /** Has the initial value until then. */
  readable<T>(initial: T, read: (calls: Collaboration) => Readable<T>): Readable<T>;
  close(): void;
}

const retryMs = 10_000;

const collaborationModule = /* @__PURE__ */ createLazyModule(() => import('./collaboration.ts'));

export function createCollaborationFetch(parts: CollaborationParts): CollaborationFetch {
  let created: Collaboration | undefined;
  let isClosed = false;
  let cancelRetry: (() => void) | undefined;
  let resolveCreated: (calls: Collaboration) => void;
  const whenCreated = new Promise<Collaboration>((resolve) => (resolveCreated = resolve));

  async function fetch(): Promise<Collaboration> {
    const { createCollaboration } = await collaborationModule.load();
    if (isClosed) throw loadAfterClose();
    created ??= createCollaboration(parts);
    resolveCreated(created);
    return created;
  }

  function whenFetched(): Promise<Collaboration> {
    fetch().catch(() => {
      if (!isClosed) cancelRetry ??= parts.clock.after(retryMs, retry);
    });
    return whenCreated;
  }

  function retry(): void {
    cancelRetry = undefined;
    void whenFetched();
  }

  return {
    fetch,
    whenFetched,
    readable: (initial, read) => createLazyReadable(initial, async () => read(await whenFetched())),
    close() {
      isClosed = true;
      cancelRetry?.();
      created?.close();
    },
  };
}
