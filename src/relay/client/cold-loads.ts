import { cojsonInternals, emptyKnownState, type SyncMessage } from 'cojson';
import { createSemaphore } from '../../base/semaphore.ts';
import type { Content, RawCoID } from '../../engine/content.ts';
import type { AnswerOptions } from './connection-options.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { answerReconciliation } from '../../engine/private-methods.ts';

/** Answers loads from the database: the node would verify every signature first, which clients do anyway. */
export interface ColdLoads {
  /** Returns false if the node must handle the message. */
  take(message: SyncMessage): boolean;
  /** Call it when the connection ends. */
  close(): void;
}

export interface ColdLoadsOptions extends AnswerOptions {
  deliver(message: SyncMessage): void;
}

type LoadMessage = Extract<SyncMessage, { action: 'load' }>;
type KnownMessage = Extract<SyncMessage, { action: 'known' }>;

/** Two batches of database reads. Results stay in memory until the client reads them. */
const maxConcurrent = 200;

export function createColdLoads(options: ColdLoadsOptions): ColdLoads {
  const { node, peer, storage, logger, hasRoom, whenRoom, deliver } = options;
  const semaphore = createSemaphore(maxConcurrent);
  /** A repeated load gets no second answer while the first is pending. */
  const pendingIDs = new Set<RawCoID>();
  let isClosed = false;

  async function answer(message: LoadMessage): Promise<void> {
    const { id } = message;
    const isAnswered = await semaphore
      .run(async () => {
        await whenRoom();
        return send(id, []);
      })
      .catch((error: unknown) => {
        // The CoValue was erased or the database failed: let the node find out the current state.
        logger.debug('Could not answer a load from the storage alone', { id, error });
        return false;
      });
    pendingIDs.delete(id);
    if (!isAnswered && !isClosed) deliver(message);
  }

  /** Returns false if the node must answer: only a deletion is stored, or the CoValue was loaded into memory. */
  async function send(id: RawCoID, dependants: readonly RawCoID[]): Promise<boolean> {
    const stored = await storage.readContent(id);
    if (!stored) return dependants.length === 0 && answerNotFound(id);
    if (stored.isDeleted) return false;
    for await (const piece of stored.pieces) {
      for (const dependency of cojsonInternals.getDependedOnCoValues(stored.header, piece)) {
        if (!dependants.includes(dependency)) await sendDependency(dependency, [...dependants, id]);
      }
      if (!(await push(piece))) return false;
    }
    peer()?.trackToldKnownState(id);
    return true;
  }

  async function push(piece: Content): Promise<boolean> {
    // Check again right before sending: all waiting callers wake at once.
    while (!hasRoom()) await whenRoom();
    const client = peer();
    if (isClosed || !client) return true;
    if (isWarm(piece.id)) return false;
    // From now on the node sends other clients' edits that follow this piece.
    client.combineOptimisticWith(piece.id, cojsonInternals.knownStateFromContent(piece));
    node.syncManager.trySendToPeer(client, piece);
    return true;
  }

  function answerNotFound(id: RawCoID): boolean {
    const client = peer();
    if (!client || isClosed) return true;
    if (isWarm(id)) return false;
    client.trackToldKnownState(id);
    node.syncManager.trySendToPeer(client, { action: 'known', id, header: false, sessions: {} });
    return true;
  }

  /** Dependencies are sent before the CoValues that need them. */
  async function sendDependency(id: RawCoID, dependants: readonly RawCoID[]): Promise<void> {
    if (clientHas(id)) return;
    const isSent = !isWarm(id) && (await send(id, dependants));
    const client = peer();
    if (!isSent && client && !isClosed) node.syncManager.sendNewContent(id, client);
  }

  const clientHas = (id: RawCoID) => peer()?.getOptimisticKnownState(id)?.header === true;

  function isWarm(id: RawCoID): boolean {
    return (getKnownCoValue(node, id)?.loadingState ?? 'unknown') !== 'unknown';
  }

  /** Bypasses the node: an acknowledgement would make it create the CoValue, and it would ignore a correction. */
  function takeKnown({ id, header, sessions, isCorrection }: KnownMessage): boolean {
    if (isWarm(id)) return false;
    if (isCorrection === true) deliver({ action: 'load', id, header, sessions });
    else {
      const client = peer();
      client?.combineWith(id, { id, header, sessions });
      if (client) answerReconciliation(node, client, id);
    }
    return true;
  }

  return {
    take(message) {
      if (message.action === 'known') return message.header && takeKnown(message);
      if (message.action !== 'load' || message.header || isWarm(message.id)) return false;
      if (pendingIDs.has(message.id)) return true;
      pendingIDs.add(message.id);
      // Edits from now on must reach this client too, even if another client loads the CoValue into memory.
      peer()?.setKnownState(message.id, emptyKnownState(message.id));
      void answer(message);
      return true;
    },
    close() {
      isClosed = true;
    },
  };
}
