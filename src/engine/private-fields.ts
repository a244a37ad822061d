import {
  type CoID,
  CoValueCore,
  type LocalNode,
  type Peer,
  type PeerState,
  RawBinaryCoStream,
  type RawCoID,
  RawCoList,
  RawCoMap,
  RawCoStream,
  type RawGroup,
} from 'cojson';
import type { Content } from './content.ts';
import { getOrCreateCoValue } from './covalue-lookup.ts';
import type { MessagePriority } from './message-priority.ts';

// The only file that reads cojson's private fields, as of 0.20.19. If a field has another shape, a reading is
// `unknown`, empty or undefined: no function here throws or guesses. private-fields.test.ts
// then fails.

/** `unknown` if cojson keeps the number elsewhere. */
export type Reading = number | 'unknown';

/** Messages in a peer's outgoing queue. Nearly always 0: only a full socket keeps them beyond the current turn. */
export function readOutgoingDepths(
  node: LocalNode,
  peerID: string,
): Readonly<Record<MessagePriority, Reading>> {
  const queues = at(peerOf(node, peerID), 'peer', 'outgoing', 'queue', 'queues');
  const [high, medium, low] = Array.isArray(queues) ? (queues as readonly unknown[]) : [];
  return { high: lengthOf(high), medium: lengthOf(medium), low: lengthOf(low) };
}

/** CoValues requested from a peer and not answered (`inFlight`, unsent requests included), and those not yet requested. */
export function readLoads(
  node: LocalNode,
  peerID: string,
): { readonly inFlight: Reading; readonly waiting: Reading } {
  const loadQueue = at(peerOf(node, peerID), 'loadQueue');
  return { inFlight: numberIn(loadQueue, 'inFlightCount'), waiting: numberIn(loadQueue, 'pendingCount') };
}

/** Messages received from a peer and not yet handled. */
export function readIncomingDepth(node: LocalNode, peerID: string): Reading {
  const queues = at(node, 'syncManager', 'messagesQueue', 'queues');
  if (!Array.isArray(queues)) return 'unknown';
  const entry = (queues as readonly unknown[]).find((queue) => at(queue, '1', 'id') === peerID);
  // cojson removes a peer's queue when it is empty.
  return entry === undefined ? 0 : lengthOf(at(entry, '0'));
}

/** Writes waiting for this device's storage. Only the kernel's storage reports them: cojson's own queue is private. */
export function readLocalWrites(node: LocalNode): Reading {
  const reported = numberIn(at(node, 'storage'), 'queuedWrites');
  return reported === 'unknown' ? lengthOf(at(node, 'storage', 'storeQueue', 'queue')) : reported;
}

/** The node's CoValues by ID, to be changed in place. */
export function coValuesOf(node: LocalNode): Map<RawCoID, CoValueCore> | undefined {
  const coValues = at(node, 'coValues');
  return coValues instanceof Map ? (coValues as Map<RawCoID, CoValueCore>) : undefined;
}

/** A CoValue in memory. Unlike `node.getCoValue`, this neither creates one nor counts as a use. */
export function findCoValue(node: LocalNode, id: string): CoValueCore | undefined {
  const found: unknown = coValuesOf(node)?.get(id as RawCoID);
  return found instanceof CoValueCore ? found : undefined;
}

/** Includes CoValues of which only the ID is known. */
export function coValuesInMemory(node: LocalNode): Iterable<CoValueCore> {
  return coValuesOf(node)?.values() ?? [];
}

export type OpenContent = RawCoMap | RawCoList | RawCoStream | RawBinaryCoStream;

/** The content if the app has opened it. Opening it here would decrypt it and, for a group, might even write to it. */
export function openContentOf(coValue: CoValueCore): OpenContent | undefined {
  const content = at(coValue, '_cachedContent');
  const isKnown = [RawCoMap, RawCoList, RawCoStream, RawBinaryCoStream].some(
    (kind) => content instanceof kind,
  );
  return isKnown ? (content as OpenContent) : undefined;
}

/** A map's content if the app has opened it. */
export function openMapOf(coValue: CoValueCore): RawCoMap | undefined {
  const content = openContentOf(coValue);
  return content instanceof RawCoMap ? content : undefined;
}

/** The IDs of the groups that a group extends now, if its content is open. */
export function parentGroupsOf(group: CoValueCore): readonly string[] {
  return [...parentChangesOf(openContentOf(group))].flatMap(([id, { changes }]) =>
    changes.at(-1)?.value === 'revoked' ? [] : id,
  );
}

/** What a group has said about each group that it extends, by date; to be changed in place. */
export interface ParentChanges {
  changes: readonly { readonly madeAt: number; readonly value: unknown }[];
}

export function* parentChangesOf(
  group: OpenContent | undefined,
): IterableIterator<readonly [CoID<RawGroup>, ParentChanges]> {
  const changes = at(group, 'parentGroupsChanges');
  if (!(changes instanceof Map)) return;
  for (const [id, entry] of changes as ReadonlyMap<CoID<RawGroup>, ParentChanges>) {
    if (Array.isArray(at(entry, 'changes'))) yield [id, entry];
  }
}

/** Transactions by session. */
export type SessionCounts = Readonly<Record<string, number>>;

/** What a peer has of a CoValue according to its messages; undefined if it has not mentioned the CoValue on this page. */
export function readPeerCounts(
  node: LocalNode,
  peerID: string,
  id: string,
): SessionCounts | 'unknown' | undefined {
  const peer = peerOf(node, peerID);
  return peer === undefined ? undefined : countsFrom(peer, 'getKnownState', id);
}

/** What this device's storage has committed of a CoValue in memory. */
export function readStoredCounts(node: LocalNode, id: string): SessionCounts | 'unknown' | undefined {
  return countsFrom(at(node, 'storage'), 'getKnownState', id);
}

/** A transaction that cojson has checked; cojson checks transactions when the CoValue is opened. */
export interface CheckedTransaction {
  readonly index: number;
  readonly isValid: boolean;
  /** cojson's reason for rejecting it. */
  readonly refusal: string | undefined;
  /** Undefined if it could not be decrypted. */
  readonly changes: readonly unknown[] | undefined;
  /** The previous one in its session, for `readChecked`. */
  readonly previous: unknown;
}

/** The last transaction of a session that cojson has checked, for `readChecked`; undefined if cojson has checked none. */
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
    index,
    isValid,
    previous: at(transaction, 'previous'),
    refusal: typeof refusal === 'string' ? refusal : undefined,
    changes: Array.isArray(changes) ? (changes as readonly unknown[]) : undefined,
  };
}

/** Whether cojson has stopped sending this peer the CoValue because it rejected the peer's content for it. */
export function readIsErrored(coValue: CoValueCore, peerID: string): boolean | 'unknown' {
  const isErrored = at(coValue, 'isErroredInPeer');
  if (typeof isErrored !== 'function') return 'unknown';
  const answer: unknown = isErrored.call(coValue, peerID);
  return typeof answer === 'boolean' ? answer : 'unknown';
}

/** The peer IDs, or `any`, from which cojson's tracker of unsynced CoValues awaits a confirmation of this one. */
export function readTrackedPeers(node: LocalNode, id: string): readonly string[] | 'unknown' {
  const unsynced = at(node, 'syncManager', 'unsyncedTracker', 'unsynced');
  const peers: unknown = unsynced instanceof Map ? unsynced.get(id) : undefined;
  if (!(peers instanceof Set)) return 'unknown';
  return [...(peers as ReadonlySet<unknown>)].map(String);
}

/** The CoValues that a peer has requested or sent. Undefined if cojson keeps them elsewhere. */
export function subscribedIDs(peer: PeerState): Iterable<RawCoID> | undefined {
  const states = at(peer, '_knownStates');
  return states instanceof Map ? (states as ReadonlyMap<RawCoID, unknown>).keys() : undefined;
}

export function outgoingOf(peer: PeerState): Peer['outgoing'] | undefined {
  const outgoing = at(peer, 'peer', 'outgoing');
  return typeof at(outgoing, 'push') === 'function' ? (outgoing as Peer['outgoing']) : undefined;
}

/** Whether cojson has just put this content in a queue because a dependency is missing. */
export function isWaitingForDependency(node: LocalNode, content: Content): boolean {
  const queue = at(getOrCreateCoValue(node, content.id), 'newContentQueue');
  return Array.isArray(queue) && at(queue.at(-1), 'msg') === content;
}

function countsFrom(holder: unknown, method: string, id: string): SessionCounts | 'unknown' | undefined {
  const getState = at(holder, method);
  if (typeof getState !== 'function') return 'unknown';
  const state: unknown = getState.call(holder, id);
  if (state === undefined) return undefined;
  const sessions = at(state, 'sessions');
  const isCounts = typeof sessions === 'object' && sessions !== null;
  return isCounts ? (sessions as SessionCounts) : 'unknown';
}

function peerOf(node: LocalNode, peerID: string): unknown {
  return at(node, 'syncManager', 'peers', peerID);
}

function lengthOf(list: unknown): Reading {
  return numberIn(list, 'length');
}

function numberIn(holder: unknown, key: string): Reading {
  const value = at(holder, key);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 'unknown';
}

/** The value at a path; undefined where there is none. For `private-methods`, too. */
export function at(holder: unknown, ...keys: readonly string[]): unknown {
  let value = holder;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** The keys with which a key of this group is encrypted somewhere in it. */
export function readKeysEncrypting(group: RawGroup, keyID: string): Iterable<string> {
  const revelations = at(group, 'keyRevelations');
  const keys: unknown = revelations instanceof Map ? revelations.get(keyID) : undefined;
  return keys instanceof Set ? (keys as ReadonlySet<string>) : [];
}
