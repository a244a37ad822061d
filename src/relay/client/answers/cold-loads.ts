import { cojsonInternals, emptyKnownState, type LocalNode, type SyncMessage } from 'cojson';
import type { Content, RawCoID } from '../../../engine/content.ts';
import type { StoredContent } from '../../storage/content-loader.ts';
import type { AnswerOptions } from '../connection-options.ts';
import { dependedOn } from '../../../engine/covalue-access.ts';
import { getKnownCoValue } from '../../../engine/covalue-lookup.ts';
import { answerReconciliation } from '../../../engine/private-methods.ts';
import { createLoadMemory, type Reserved } from './load-memory.ts';

/** Answers loads from the database: the node would verify every signature first, which clients do anyway. */
export interface ColdLoads {
  take(message: LoadMessage): void;
  /** Sends what is stored of a CoValue that the client follows beyond what it has. Other relays stored it. */
  sendNewer(id: RawCoID): void;
  /** Call it when `mayBegin` may have become true. */
  resume(): void;
  /** Call it when the connection ends. */
  close(): void;
}

export interface ColdLoadsOptions extends AnswerOptions {
  deliver(message: SyncMessage): void;
  /** A CoValue is sent because `root` depends on it. */
  readonly goesAlong: ((id: RawCoID, root: RawCoID) => void) | undefined;
  /** False while no more loads may begin, for lack of memory. */
  mayBegin(): boolean;
  /** So many bytes are reserved for answers. */
  holds(bytes: number): void;
  /** No answer is pending. */
  done(): void;
}

export type LoadMessage = Extract<SyncMessage, { action: 'load' }>;
type KnownMessage = Extract<SyncMessage, { action: 'known' }>;

/** For what is read at once of many CoValues: half of the memory. Results stay in memory until the client reads them. */
const maxReadBytes = 4_000_000;
/** Until it is read. Nearly all CoValues are shorter, and the reader gives little more of others. */
const bytesPerRead = 100_000;
/** The other half is for the rest of large CoValues: two at a time, each read in pieces of at most 20 sessions. */
const maxStreamedBytes = 4_000_000;
const bytesPerStream = 2_000_000;
/** Anyone can chain CoValues. Deeper in a chain, nothing is kept while the dependencies are sent: it is read again. */
const maxKept = 3;

export function createColdLoads(options: ColdLoadsOptions): ColdLoads {
  const { node, peer, storage, logger, hasRoom, whenRoom, deliver, mayBegin, holds, done } = options;
  const changed = () => holds(reads.bytes() + streams.bytes());
  const reads = createLoadMemory({ maxBytes: maxReadBytes, mayBegin, changed });
  const streams = createLoadMemory({ maxBytes: maxStreamedBytes, mayBegin, changed });
  /** A repeated load gets no second answer while the first is pending. */
  const pending = new Map<RawCoID, LoadMessage>();
  /** When the pending answer has been sent, these need another one. */
  const staleIDs = new Set<RawCoID>();
  let isClosed = false;

  function doneIfIdle(): void {
    if (pending.size === 0) done();
  }

  async function answer(message: LoadMessage): Promise<void> {
    const { id } = message;
    pending.set(id, message);
    const reserved = await reads.reserve(bytesPerRead);
    let isAnswered = false;
    try {
      while (!hasRoom()) await whenRoom();
      isAnswered = await send(id, [], reserved);
    } catch (error) {
      // The CoValue was erased or the database failed: let the node find out the current state.
      logger.debug('Could not answer a load from the storage alone', { id, error });
    }
    reserved.release();
    pending.delete(id);
    if (!isAnswered && !isClosed) deliver(message);
    if (staleIDs.delete(id)) sendNewer(id);
    doneIfIdle();
  }

  function sendNewer(id: RawCoID): void {
    const known = peer()?.getOptimisticKnownState(id);
    if (isClosed || !known) return doneIfIdle();
    if (pending.has(id)) staleIDs.add(id);
    // As if the client asked for it.
    else void answer({ action: 'load', ...known });
  }

  /** Returns false if the node must answer: only a deletion is stored, or the CoValue was loaded into memory. */
  async function send(id: RawCoID, dependants: readonly RawCoID[], reserved: Reserved): Promise<boolean> {
    const tried = new Set([id, ...dependants]);
    for (;;) {
      const known = peer()?.getOptimisticKnownState(id);
      const stored = await (known?.header ? storage.readNewer(known) : storage.readContent(id));
      if (!stored) return dependants.length === 0 && answerNotFound(id);
      if (stored.isDeleted) return false;
      reserved.resize(stored.bytes);
      const sendDependencies = async (missing: readonly RawCoID[]) => {
        for (const dependency of missing) {
          tried.add(dependency);
          await sendDependency(dependency, [...dependants, id]);
        }
      };
      const outcome = await sendPieces(stored, dependants, tried, sendDependencies);
      if (outcome === true && stored.isPartial) continue;
      if (outcome === true) peer()?.trackToldKnownState(id);
      if (typeof outcome === 'boolean') return outcome;
      reserved.resize(0);
      await sendDependencies(outcome);
    }
  }

  /** A dependency does not wait: what waits for it may be the one that has the memory. */
  const reserveStream = (dependants: readonly RawCoID[]) =>
    dependants.length === 0 ? streams.reserve(bytesPerStream) : streams.take(bytesPerStream);

  /** Returns the dependencies that have to be sent first, if the content is not kept meanwhile. */
  async function sendPieces(
    { header, pieces, isStreamed }: StoredContent,
    dependants: readonly RawCoID[],
    tried: ReadonlySet<RawCoID>,
    sendDependencies: (missing: readonly RawCoID[]) => Promise<void>,
  ): Promise<boolean | readonly RawCoID[]> {
    const streamed = isStreamed ? await reserveStream(dependants) : undefined;
    try {
      for await (const piece of pieces) {
        const missing = dependedOn(header, piece).filter(
          (dependency) => !tried.has(dependency) && !clientHas(dependency),
        );
        if (missing.length > 0 && dependants.length >= maxKept) return missing;
        await sendDependencies(missing);
        if (!(await push(piece))) return false;
      }
      return true;
    } finally {
      streamed?.release();
    }
  }

  async function push(piece: Content): Promise<boolean> {
    // Check again right before sending: all waiting callers wake at once.
    while (!hasRoom()) await whenRoom();
    const client = peer();
    if (isClosed || !client) return true;
    if (isWarm(node, piece.id)) return false;
    // From now on the node sends other clients' edits that follow this piece.
    client.combineOptimisticWith(piece.id, cojsonInternals.knownStateFromContent(piece));
    node.syncManager.trySendToPeer(client, piece);
    return true;
  }

  function answerNotFound(id: RawCoID): boolean {
    const client = peer();
    if (!client || isClosed) return true;
    if (isWarm(node, id)) return false;
    client.trackToldKnownState(id);
    node.syncManager.trySendToPeer(client, { action: 'known', id, header: false, sessions: {} });
    return true;
  }

  /** Dependencies are sent before the CoValues that need them. */
  async function sendDependency(id: RawCoID, dependants: readonly RawCoID[]): Promise<void> {
    if (clientHas(id)) return;
    options.goesAlong?.(id, dependants[0] ?? id);
    const isSent = !isWarm(node, id) && (await sendCold(id, dependants));
    const client = peer();
    if (!isSent && client && !isClosed) node.syncManager.sendNewContent(id, client);
  }

  async function sendCold(id: RawCoID, dependants: readonly RawCoID[]): Promise<boolean> {
    const reserved = reads.take(bytesPerRead);
    try {
      return await send(id, dependants, reserved);
    } finally {
      reserved.release();
    }
  }

  const clientHas = (id: RawCoID) => peer()?.getOptimisticKnownState(id)?.header === true;

  return {
    take(message) {
      const answered = pending.get(message.id);
      if (answered && !answered.header) return;
      // Edits from now on must reach this client too, even if another client loads the CoValue into memory.
      peer()?.setKnownState(message.id, emptyKnownState(message.id));
      if (answered) staleIDs.add(message.id);
      else void answer(message);
    },
    sendNewer,
    resume() {
      reads.resume();
      streams.resume();
    },
    close() {
      isClosed = true;
    },
  };
}

/** Whether the message loads a CoValue that is not in memory. */
export function isColdLoad(node: LocalNode, message: SyncMessage): message is LoadMessage {
  return message.action === 'load' && !message.header && !isWarm(node, message.id);
}

export function isColdKnown(node: LocalNode, message: SyncMessage): message is KnownMessage {
  return message.action === 'known' && message.header && !isWarm(node, message.id);
}

/** Bypasses the node: an acknowledgement would make it create the CoValue, and it would ignore a correction. */
export function takeColdKnown(
  { node, peer, deliver }: Pick<ColdLoadsOptions, 'node' | 'peer' | 'deliver'>,
  { id, header, sessions, isCorrection }: KnownMessage,
): void {
  if (isCorrection === true) return deliver({ action: 'load', id, header, sessions });
  const client = peer();
  client?.combineWith(id, { id, header, sessions });
  if (client) answerReconciliation(node, client, id);
}

function isWarm(node: LocalNode, id: RawCoID): boolean {
  return (getKnownCoValue(node, id)?.loadingState ?? 'unknown') !== 'unknown';
}
