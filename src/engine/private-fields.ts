import {
  CoValueCore,
  type LocalNode,
  type Peer,
  type PeerState,
  RawBinaryCoStream,
  RawCoList,
  RawCoMap,
  RawCoStream,
} from 'cojson';
import type { Priority, Reading } from '../inspect/snapshot.ts';
import { ownPeerID } from '../inspect/shared/peer-address.ts';

// The only file that reads what cojson keeps to itself. Each reading has a contract test, and becomes `unknown` where
// the shape is another one: an inspector must neither throw nor guess after an update of cojson.

/** Messages that wait in a peer's outgoing queue. Nearly always 0: it holds what was said in this turn, and what a full socket has no room for. */
export function readOutgoingDepths(node: LocalNode, peerID: string): Readonly<Record<Priority, Reading>> {
  const queues = at(peerOf(node, peerID), 'peer', 'outgoing', 'queue', 'queues');
  const [high, medium, low] = Array.isArray(queues) ? (queues as readonly unknown[]) : [];
  return { high: lengthOf(high), medium: lengthOf(medium), low: lengthOf(low) };
}

/** Loads that were asked for and not answered, and those that wait for their turn. */
export function readLoads(
  node: LocalNode,
  peerID: string,
): { readonly inFlight: Reading; readonly waiting: Reading } {
  const loadQueue = at(peerOf(node, peerID), 'loadQueue');
  return { inFlight: numberIn(loadQueue, 'inFlightCount'), waiting: numberIn(loadQueue, 'pendingCount') };
}

/** Messages that arrived from a peer and wait to be handled. */
export function readIncomingDepth(node: LocalNode, peerID: string): Reading {
  const queues = at(node, 'syncManager', 'messagesQueue', 'queues');
  if (!Array.isArray(queues)) return 'unknown';
  const ownID = ownPeerID(node, peerID);
  const own = (queues as readonly unknown[]).find((entry) => at(entry, '1', 'id') === ownID);
  // A peer's queue goes away when it is empty.
  return own === undefined ? 0 : lengthOf(at(own, '0'));
}

/** Writes that wait for this device's storage: the kernel's storage says so, cojson's own is looked into. */
export function readLocalWrites(node: LocalNode): Reading {
  const told = numberIn(at(node, 'storage'), 'queuedWrites');
  return told === 'unknown' ? lengthOf(at(node, 'storage', 'storeQueue', 'queue')) : told;
}

/** A loaded CoValue, looked up without what `node.getCoValue` does besides: making one, and keeping it from garbage collection. */
export function findCoValue(node: LocalNode, id: string): CoValueCore | undefined {
  const coValues = at(node, 'coValues');
  const found: unknown = coValues instanceof Map ? coValues.get(id) : undefined;
  return found instanceof CoValueCore ? found : undefined;
}

/** Those in memory, also those of which nothing more than the id is. */
export function coValuesInMemory(node: LocalNode): Iterable<CoValueCore> {
  const coValues = at(node, 'coValues');
  return coValues instanceof Map ? (coValues as ReadonlyMap<string, CoValueCore>).values() : [];
}

export type OpenContent = RawCoMap | RawCoList | RawCoStream | RawBinaryCoStream;

/** Its content where the app has it open already. Opening one would decrypt it, and a group's may even write to it. */
export function openContentOf(coValue: CoValueCore): OpenContent | undefined {
  const content = at(coValue, '_cachedContent');
  const isKnown = [RawCoMap, RawCoList, RawCoStream, RawBinaryCoStream].some(
    (kind) => content instanceof kind,
  );
  return isKnown ? (content as OpenContent) : undefined;
}

/** How many transactions of each session. */
export type SessionCounts = Readonly<Record<string, number>>;

/** What a peer has told of a CoValue, or has sent of it; undefined where it has said nothing of it on this page. */
export function readToldState(
  node: LocalNode,
  peerID: string,
  id: string,
): SessionCounts | 'unknown' | undefined {
  const peer = peerOf(node, peerID);
  return peer === undefined ? undefined : countsFrom(peer, 'getKnownState', id);
}

/** What this device's storage has committed of a CoValue that is in memory. */
export function readStoredState(node: LocalNode, id: string): SessionCounts | 'unknown' | undefined {
  return countsFrom(at(node, 'storage'), 'getKnownState', id);
}

/** What cojson has found out of a transaction that it has looked at: who opens a CoValue has it look at them all. */
export interface CheckedTransaction {
  readonly index: number;
  readonly isValid: boolean;
  /** Why it counts for nothing, in cojson's words. */
  readonly refusal: string | undefined;
  /** Where it could be read. */
  readonly changes: readonly unknown[] | undefined;
  /** The one before it in its session. */
  readonly previous: unknown;
}

/** The last of a session that cojson has looked at, to be read with `readChecked`; undefined where it has looked at none. */
export function lastCheckedOf(coValue: CoValueCore, sessionID: string): unknown {
  const last = at(coValue, 'lastVerifiedTransactionBySessionID');
  return last === undefined ? 'unknown' : at(last, sessionID);
}

export function readChecked(transaction: unknown): CheckedTransaction | undefined {
  const index = numberIn(at(transaction, 'currentTxID'), 'txIndex');
  const isValid = at(transaction, 'isValid');
  if (index === 'unknown' || typeof isValid !== 'boolean') return undefined;
  const refusal = at(transaction, 'validationErrorMessage');
  const changes = at(transaction, 'changes');
  return {
    ...{ index, isValid, previous: at(transaction, 'previous') },
    refusal: typeof refusal === 'string' ? refusal : undefined,
    changes: Array.isArray(changes) ? (changes as readonly unknown[]) : undefined,
  };
}

/** A map's content where the app has it open already; reading it decrypts nothing and keeps nothing. */
export function openMapOf(coValue: CoValueCore): RawCoMap | undefined {
  const content = at(coValue, '_cachedContent');
  return content instanceof RawCoMap ? content : undefined;
}

/** Whether cojson sends this peer nothing of the CoValue any more, as it could not take what the peer sent of it. */
export function readsAsSkipped(coValue: CoValueCore, peerID: string): boolean | 'unknown' {
  const isErrored: unknown = at(coValue, 'isErroredInPeer');
  if (typeof isErrored !== 'function') return 'unknown';
  const answer: unknown = isErrored.call(coValue, peerID);
  return typeof answer === 'boolean' ? answer : 'unknown';
}

/** What cojson's tracker of the unsynced waits for before it forgets a CoValue: ids of peers, or `any`. */
export function readTrackedFor(node: LocalNode, id: string): readonly string[] | 'unknown' {
  const unsynced = at(node, 'syncManager', 'unsyncedTracker', 'unsynced');
  const places: unknown = unsynced instanceof Map ? unsynced.get(id) : undefined;
  if (!(places instanceof Set)) return 'unknown';
  return [...(places as ReadonlySet<unknown>)].map(String);
}

/** What cojson sends a peer by; undefined where it keeps it in another way. */
export function outgoingOf(peer: PeerState): Peer['outgoing'] | undefined {
  const outgoing = at(peer, 'peer', 'outgoing');
  return typeof at(outgoing, 'push') === 'function' ? (outgoing as Peer['outgoing']) : undefined;
}

function countsFrom(holder: unknown, method: string, id: string): SessionCounts | 'unknown' | undefined {
  const ask = at(holder, method);
  if (typeof ask !== 'function') return 'unknown';
  const state: unknown = ask.call(holder, id);
  if (state === undefined) return undefined;
  const sessions = at(state, 'sessions');
  const isCounts = typeof sessions === 'object' && sessions !== null;
  return isCounts ? (sessions as SessionCounts) : 'unknown';
}

function peerOf(node: LocalNode, peerID: string): unknown {
  return at(node, 'syncManager', 'peers', ownPeerID(node, peerID));
}

function lengthOf(list: unknown): Reading {
  return numberIn(list, 'length');
}

function numberIn(holder: unknown, key: string): Reading {
  const value = at(holder, key);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 'unknown';
}

function at(holder: unknown, ...keys: readonly string[]): unknown {
  let value = holder;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
