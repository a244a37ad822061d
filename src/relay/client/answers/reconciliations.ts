import type { RawCoID, SyncMessage } from 'cojson';
import type { KnownState } from '../../../engine/content.ts';
import { getKnownCoValue } from '../../../engine/covalue-lookup.ts';
import { trackReconciliation } from '../../../engine/private-methods.ts';
import type { AnswerOptions } from '../connection-options.ts';

/** Compares what a client has with the storage. The node itself would query all CoValues at once, and keep them all in memory. */
export interface Reconciliations {
  take(message: ReconcileMessage): void;
  /** While true, read nothing more from the client. */
  isBusy(): boolean;
  /** Call it when the connection ends. */
  close(): void;
}

export type ReconcileMessage = Extract<SyncMessage, { action: 'reconcile' }>;

export interface ReconciliationsOptions extends Omit<AnswerOptions, 'storage'> {
  readonly storage: Pick<AnswerOptions['storage'], 'loadKnownState'>;
  /** The client sent more than `maxReconciled` IDs. */
  tooMany(count: number): void;
  /** `isBusy` is false again. */
  done(): void;
}

/** Stock clients send 100 IDs at a time. */
export const maxReconciled = 1_000;
const idsPerRead = 200;

export function createReconciliations(options: ReconciliationsOptions): Reconciliations {
  const { node, peer, storage, logger, hasRoom, whenRoom, tooMany, done } = options;
  const waiting: ReconcileMessage[] = [];
  let isComparing = false;
  let isClosed = false;

  async function compareAll(): Promise<void> {
    isComparing = true;
    for (let next = waiting.shift(); next && !isClosed; next = waiting.shift()) {
      await compare(next).catch((error: unknown) =>
        logger.debug('Could not compare a client with the storage', { error }),
      );
    }
    isComparing = false;
    if (!isClosed) done();
  }

  async function compare({ id: batchID, values }: ReconcileMessage): Promise<void> {
    const differing = new Set<RawCoID>();
    for (let start = 0; start < values.length; start += idsPerRead) {
      const slice = values.slice(start, start + idsPerRead);
      const states = await Promise.all(slice.map(([id]) => stateOf(id)));
      while (!hasRoom()) await whenRoom();
      const client = peer();
      if (isClosed || !client) return;
      slice.forEach(([id, hash], index) => {
        const state = states[index];
        if (getKnownCoValue(node, id)?.isErroredInPeer(client.id)) return;
        if (state && node.crypto.shortHash(state.sessions) === hash) return;
        differing.add(id);
        const { header, sessions } = state ?? { header: false, sessions: {} };
        node.syncManager.trySendToPeer(client, { action: 'load', id, header, sessions });
      });
    }
    const client = peer();
    if (!client) return;
    // The node acknowledges it once it has handled an answer to each of these loads.
    if (differing.size > 0) trackReconciliation(node, client, batchID, differing);
    else node.syncManager.trySendToPeer(client, { action: 'reconcile-ack', id: batchID });
  }

  /** Content in memory may not be committed yet. Acknowledgements wait for the commit, and so would a read. */
  function stateOf(id: RawCoID): Promise<KnownState | undefined> {
    const coValue = getKnownCoValue(node, id);
    if (coValue?.isAvailable()) return Promise.resolve(coValue.knownState());
    return new Promise((resolve) => storage.loadKnownState(id, resolve));
  }

  return {
    take(message) {
      if (message.values.length > maxReconciled) return tooMany(message.values.length);
      waiting.push(message);
      if (!isComparing) void compareAll();
    },
    isBusy: () => isComparing,
    close() {
      isClosed = true;
    },
  };
}
