import type { LocalNode } from 'cojson';
import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { callListener } from '../../base/readable.ts';
import { storageErrorFrom } from '../../storage/storage-error.ts';
import type { CloseOptions, SyncPeers } from '../../sync/sync-peers.ts';
import type { WriteGate } from '../../engine/session-crypto.ts';
import { sessionTaken } from '../session-ids/session-id-errors.ts';
import { assertCountedRung } from '../../sync/rungs.ts';
import type { Session } from '../session.ts';

/** Ends a session once, and notifies all listeners. */
export interface SessionLife {
  /**
   * Refuses further edits, saves unsaved ones, sends unsent ones within sync's time limit, and notifies listeners. Rejects
   * with the error if something could not be saved, or has not reached `until`; the session is closed anyway. Later calls
   * share the first one's outcome. Rejects with a TypeError, and closes nothing, if `until` is no rung to wait for.
   */
  close(reason?: KernelError, options?: CloseOptions): Promise<void>;
  /** Settles like `close` once a session that is ending or being replaced has ended. */
  whenEnded(): Promise<void>;
  onClosed(listener: (reason: KernelError | undefined) => void): () => void;
  /**
   * Ends the session like `close`, but announces the session that replaces it before it calls the `onClosed` listeners. If
   * `open` fails, closes with SESSION_TAKEN. Does nothing if the session is ending; if closed meanwhile, has no successor.
   */
  replaceBy(open: () => Promise<Session>): Promise<void>;
  onReplaced(listener: (session: Session) => void): () => void;
}

interface Outcome {
  /** Why something could not be saved. */
  readonly failure: KernelError | undefined;
  /** Why edits have not reached the rung to wait for. */
  readonly missed?: unknown;
}

export function createSessionLife(parts: {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly edits: WriteGate;
  /** Stops everything else that was started for the session. */
  readonly end: () => void;
  /** Called when all writes have ended; `isWritten` is false if one failed. */
  readonly ended?: (isWritten: boolean) => void;
  /** Called last, when a session that replaces this one has opened, too. */
  readonly left?: () => void;
}): SessionLife {
  const { node, sync, edits, end, ended, left } = parts;
  const closed = createListeners<KernelError | undefined>();
  const replaced = createListeners<Session>();
  /** Set by the first `close`. */
  let ending: { readonly reason: KernelError | undefined } | undefined;
  let closing: Promise<void> | undefined;

  async function finish(options?: CloseOptions): Promise<Outcome> {
    edits.refuse(sessionClosed);
    end();
    let failure: KernelError | undefined;
    const [syncEnd] = await Promise.allSettled([sync.close(options)]);
    try {
      await node.gracefulShutdown();
    } catch (error) {
      failure = isKernelError(error) ? error : storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
    }
    ended?.(failure === undefined);
    const isMissed = options?.until !== undefined && syncEnd.status === 'rejected';
    return { failure, ...(isMissed && { missed: syncEnd.reason as unknown }) };
  }

  async function close(reason: KernelError | undefined, options: CloseOptions | undefined): Promise<void> {
    const { failure, missed } = await finish(options);
    left?.();
    closed.call(reason ?? failure);
    if (failure ?? missed) throw failure ?? missed;
  }

  async function replace(open: () => Promise<Session>): Promise<void> {
    let { failure: reason } = await finish();
    try {
      const next = ending ? undefined : await open();
      if (ending) await next?.close();
      else if (next) replaced.call(next);
    } catch (error) {
      reason = sessionTaken(error);
    }
    left?.();
    closed.call(ending ? ending.reason : reason);
  }

  return {
    async close(reason, options) {
      assertCountedRung(options?.until);
      ending ??= { reason };
      await (closing ??= close(reason, options));
    },
    whenEnded: () => closing ?? Promise.resolve(),
    onClosed: closed.add,
    replaceBy: (open) => (closing ??= replace(open)),
    onReplaced: replaced.add,
  };
}

function createListeners<T>() {
  const listeners = new Set<(value: T) => void>();
  return {
    add(listener: (value: T) => void) {
      const entry = (value: T) => listener(value);
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    call(value: T) {
      for (const listener of [...listeners]) callListener(listener, value);
    },
  };
}

function sessionClosed(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'This session is closed, so it accepts no more edits. Open the account again.',
  );
}
