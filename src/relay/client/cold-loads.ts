import { cojsonInternals, emptyKnownState, type LocalNode, type PeerState, type SyncMessage } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import { createSlots } from '../../base/semaphore.ts';
import type { Content, RawCoID } from '../../engine/content.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';

/**
 * Answers a client's loads from the rows, without taking the CoValues into the node's memory: there cojson would check
 * every signature again, which the client does anyway. What somebody works on is in memory, and the node answers for it.
 */
export interface ColdLoads {
  /** False where the node has to handle the message. */
  take(message: SyncMessage): boolean;
  /** With the connection. */
  close(): void;
}

export interface ColdLoadsOptions {
  readonly node: LocalNode;
  /** The client; undefined once it is gone. */
  readonly peer: () => PeerState | undefined;
  readonly storage: Pick<SqlStorage, 'readContent'>;
  readonly logger: Logger;
  /** Whether the client has the CoValue, or is about to get it. */
  follows(id: RawCoID): boolean;
  /** Whether the client has read enough to get more. */
  hasRoom(): boolean;
  /** Resolves when there is room, which somebody else may have taken by then. */
  whenRoom(): Promise<void>;
  /** To the node. */
  give(message: SyncMessage): void;
}

type LoadMessage = Extract<SyncMessage, { action: 'load' }>;
type KnownMessage = Extract<SyncMessage, { action: 'known' }>;

/** As many as one read of the database takes. They are in memory while the client is waited for. */
const atOnce = 200;

export function createColdLoads(options: ColdLoadsOptions): ColdLoads {
  const { node, peer, storage, logger, follows, hasRoom, whenRoom, give } = options;
  const answering = createSlots(atOnce);
  /** A client that asks again meanwhile gets one answer. */
  const underWay = new Set<RawCoID>();
  let isClosed = false;

  async function answer(message: LoadMessage): Promise<void> {
    const { id } = message;
    const isAnswered = await answering
      .run(async () => {
        await whenRoom();
        return send(id, []);
      })
      .catch((error: unknown) => {
        // Erased meanwhile, or the database failed: the node finds out what is there now.
        logger.debug('A load could not be answered from the storage alone', { id, error });
        return false;
      });
    underWay.delete(id);
    if (!isAnswered && !isClosed) give(message);
  }

  /** False where the node has to answer: there is nothing but a deletion, or it came into memory. */
  async function send(id: RawCoID, dependants: readonly RawCoID[]): Promise<boolean> {
    const stored = await storage.readContent(id);
    if (!stored) return dependants.length === 0 && answerNotFound(id);
    if (stored.isDeleted) return false;
    for await (const piece of stored.pieces) {
      for (const dependency of cojsonInternals.getDependedOnCoValues(stored.header, piece)) {
        if (!dependants.includes(dependency)) await bring(dependency, [...dependants, id]);
      }
      if (!(await push(piece))) return false;
    }
    peer()?.trackToldKnownState(id);
    return true;
  }

  async function push(piece: Content): Promise<boolean> {
    // Looked at in the turn of the push: all that wait are woken at once.
    while (!hasRoom()) await whenRoom();
    const client = peer();
    if (isClosed || !client) return true;
    if (isWarm(piece.id)) return false;
    // From here on the node tells the client what others write, from where this piece ends.
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

  /** Clients get what a CoValue depends on before it. */
  async function bring(id: RawCoID, dependants: readonly RawCoID[]): Promise<void> {
    if (hasIt(id)) return;
    const isSent = !isWarm(id) && (await send(id, dependants));
    const client = peer();
    if (!isSent && client && !isClosed) node.syncManager.sendNewContent(id, client);
  }

  const hasIt = (id: RawCoID) => follows(id) && peer()?.getOptimisticKnownState(id)?.header === true;

  function isWarm(id: RawCoID): boolean {
    return node.isCoValueInMemory(id) && node.getCoValue(id).loadingState !== 'unknown';
  }

  /** The node would begin the CoValue for an acknowledgement, and says nothing to a correction of what it does not have. */
  function takeKnown({ id, header, sessions, isCorrection }: KnownMessage): boolean {
    if (isWarm(id)) return false;
    if (isCorrection === true) give({ action: 'load', id, header, sessions });
    else peer()?.combineWith(id, { id, header, sessions });
    return true;
  }

  return {
    take(message) {
      if (message.action === 'known') return message.header && takeKnown(message);
      if (message.action !== 'load' || message.header || isWarm(message.id)) return false;
      if (underWay.has(message.id)) return true;
      underWay.add(message.id);
      // What is written from now on is for this client too, whoever brings the CoValue into memory.
      peer()?.setKnownState(message.id, emptyKnownState(message.id));
      void answer(message);
      return true;
    },
    close() {
      isClosed = true;
    },
  };
}
