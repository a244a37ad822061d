import type { LocalNode } from 'cojson';
import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { callListener } from '../../base/readable.ts';
import { storageErrorFrom } from '../../storage/storage-error.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { EditGate } from '../account/edit-gate.ts';
import { sessionTaken } from '../session-ids/session-id-errors.ts';
import type { Session } from '../session.ts';

/** How a session ends: once, whoever asks for it, and with everybody told. */
export interface SessionLife {
  /**
   * Refuses edits from now on, writes what is unsaved, sends what is unsent within the sync's time limit, and tells the
   * listeners, with the reason where there is one. Rejects with what could not be written; the session is closed all the
   * same. Later calls get the first one's outcome.
   */
  close(reason?: KernelError): Promise<void>;
  onClosed(listener: (reason: KernelError | undefined) => void): () => void;
  /**
   * Ends the session like `close`, and tells first that the opened one takes its place. Where none opens, it is closed with
   * SESSION_TAKEN. Does nothing in a session that ends already; one that is closed meanwhile gets no successor.
   */
  replaceBy(open: () => Promise<Session>): Promise<void>;
  onReplaced(listener: (session: Session) => void): () => void;
}

export function createSessionLife(parts: {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly edits: EditGate;
  /** Ends what else was begun for the session. */
  readonly end: () => void;
  /** Nothing is written any more; `isWritten` is false where something could not be. */
  readonly ended?: (isWritten: boolean) => void;
}): SessionLife {
  const { node, sync, edits, end, ended } = parts;
  const closed = createListeners<KernelError | undefined>();
  const replaced = createListeners<Session>();
  let isClosed = false;
  let closing: Promise<void> | undefined;

  async function finish(): Promise<KernelError | undefined> {
    edits.refuse(sessionClosed);
    end();
    let failure: KernelError | undefined;
    try {
      await sync.close();
      await node.gracefulShutdown();
    } catch (error) {
      failure = isKernelError(error) ? error : storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
    }
    ended?.(failure === undefined);
    return failure;
  }

  async function close(reason: KernelError | undefined): Promise<void> {
    const failure = await finish();
    closed.call(reason ?? failure);
    if (failure) throw failure;
  }

  async function replace(open: () => Promise<Session>): Promise<void> {
    let reason = await finish();
    try {
      const next = isClosed ? undefined : await open();
      if (isClosed) await next?.close();
      else if (next) replaced.call(next);
    } catch (error) {
      reason = sessionTaken(error);
    }
    closed.call(reason);
  }

  return {
    close(reason) {
      isClosed = true;
      return (closing ??= close(reason));
    },
    onClosed: closed.add,
    replaceBy: (open) => (closing ??= replace(open)),
    onReplaced: replaced.add,
  };
}

function createListeners<T>() {
  const listeners = new Set<(value: T) => void>();
  return {
    add(listener: (value: T) => void) {
      const own = (value: T) => listener(value);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    call(value: T) {
      for (const listener of [...listeners]) callListener(listener, value);
    },
  };
}

function sessionClosed(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'This session is closed, so nothing can be written in it any more. Open the account again.',
  );
}
