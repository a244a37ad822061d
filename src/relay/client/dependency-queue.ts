import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { contentBytes, ownerOf, type Content } from '../../engine/content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { namedIn, requiredOf, type MayName } from './content-dependencies.ts';
import { sizeOfMessage } from './message-size.ts';

export type OtherMessage = Exclude<SyncMessage, Content>;

/**
 * Holds content back until its dependencies arrive: in the CoValue, it would block all later edits. Also until it is read what
 * other places have of the beginnings in it.
 */
export interface DependencyQueue {
  take(message: Content): void;
  /**
   * Holds a message back that came after content about the same CoValue, as long as that waits for the database: the relay would
   * answer that it has nothing, and the client would send the content again. Returns false if nothing has to be held.
   */
  hold(message: OtherMessage): boolean;
  lookups(): number;
  /** True while much waits and the database is being read: what comes next would wait, too. */
  isFull(): boolean;
  /** Discards waiting content. Call it when the connection ends. */
  close(): void;
}

export interface DependencyQueueOptions {
  readonly node: LocalNode;
  /** The client, which is asked for missing dependencies; undefined once it has disconnected. */
  readonly peer: () => PeerState | undefined;
  readonly maxBytes: number;
  /**
   * Whether content waits for what this session names in a group. Anyone can name what does not exist, so it is asked for each
   * author.
   */
  readonly mayName: MayName;
  /** Whether the relay neither has nor takes this CoValue. Content that only names it does not wait for it. */
  readonly isTakenDown: (id: string) => boolean;
  /** Whether nothing is taken of this author, whose session would hold up those of others in the same content. */
  readonly isBarred: (author: string) => boolean;
  /** Undefined if nothing has to be read. */
  readBeginnings(message: Content): Promise<void> | undefined;
  readonly clock: Clock;
  pass(message: SyncMessage): void;
  /** Whether the node has handled all that was passed on. */
  hasHandledAll(): boolean;
  /** The database could not be read in time. */
  unreadable(): void;
  /** Content waited too long, or too much content was waiting. `missing` is one of its missing dependencies. */
  dropped(message: Content, missing: RawCoID | undefined): void;
  /** No content waits any more for a dependency that did not arrive. */
  gaveUp(id: RawCoID): void;
  /** So many bytes wait here. */
  holds(bytes: number): void;
  /** There are fewer lookups or reads. */
  lookedUp(): void;
}

export const waitForDependencyMs = 30_000;
/** cojson takes up to 10 s to handle a group without what nobody has. */
export const waitForGroupMs = 12_000;
export const maxWaitingMessages = 5_000;
/** Two batches of reads. */
export const maxMessagesDuringReads = 200;
export const maxBytesDuringReads = 2_000_000;
const bytesPerMessage = 500;
/** Anyone can chain thousands of CoValues. */
const maxVisited = 100;
const expiryStepMs = 1_000;

interface Waiting {
  readonly message: Content;
  readonly bytes: number;
  readonly untilMs: number;
  /** What has arrived since is left out. */
  missing: Set<RawCoID>;
  /** Whether only members and parents are missing that a group names. */
  isOnlyNamed: boolean;
  /** It has waited long enough for these. */
  isWithoutNamed: boolean;
  /** The storage was queried for the header, which this message lacks. */
  isLookedUp: boolean;
  beginnings: 'unread' | 'reading' | 'read';
  readUntilMs: number;
  /** What came after it and before the next content of the CoValue. */
  held: OtherMessage[];
}

export function createDependencyQueue(options: DependencyQueueOptions): DependencyQueue {
  const {
    node,
    peer,
    maxBytes,
    mayName,
    isTakenDown,
    isBarred,
    readBeginnings,
    clock,
    pass,
    dropped,
    gaveUp,
    lookedUp,
  } = options;
  const { hasHandledAll, unreadable, holds } = options;
  /** In order of arrival, which is also the order of expiry. */
  const waiting = new Set<Waiting>();
  const queuesByID = new Map<RawCoID, Waiting[]>();
  const dependenciesByID = new Map<RawCoID, { readonly dependants: Set<RawCoID>; stop(): void }>();
  /** Those for which messages are held, and those to be requested from the client if what it has sent does not count. */
  const heldIDs = new Set<RawCoID>();
  const unrequestedIDs = new Set<RawCoID>();
  let waitingBytes = 0;
  let heldCount = 0;
  let lookups = 0;
  let reads = 0;
  let isReleaseDue = false;
  let cancelExpiry: (() => void) | undefined;

  function take(message: Content): void {
    const queue = queuesByID.get(message.id);
    const untilMs = clock.nowMs() + waitForDependencyMs;
    const bytes = bytesPerMessage + contentBytes(message);
    const entry: Waiting = {
      ...{
        message,
        bytes,
        untilMs,
        missing: new Set(),
        isOnlyNamed: false,
        isWithoutNamed: false,
        isLookedUp: false,
      },
      ...{ beginnings: 'unread', readUntilMs: 0, held: [] },
    };
    if (!queue && isReady(entry)) return pass(message);
    if (queue) queue.push(entry);
    else queuesByID.set(message.id, [entry]);
    waiting.add(entry);
    addBytes(bytes);
    cancelExpiry ??= clock.after(waitForDependencyMs, expire);
    dropWhile(() => waiting.size > maxWaitingMessages || waitingBytes > maxBytes);
  }

  function addBytes(bytes: number): void {
    waitingBytes += bytes;
    holds(waitingBytes);
  }

  function isReady(entry: Waiting): boolean {
    const { message } = entry;
    // One message can name tens of thousands.
    if (entry.missing.size > 0) return false;
    const header = getKnownCoValue(node, message.id)?.verified?.header ?? message.header;
    if (!header && !entry.isLookedUp) {
      lookUp(entry);
      return false;
    }
    const isMissing = (id: RawCoID) => !getKnownCoValue(node, id)?.isAvailable();
    const owner = header && ownerOf(message.id, header);
    const required = requiredOf(message, header).filter(
      (id) => isMissing(id) && (id === owner || !isBarred(id)),
    );
    const named = entry.isWithoutNamed
      ? []
      : namedIn(message, header, mayName).filter((id) => isMissing(id) && !isTakenDown(id));
    entry.missing = new Set([...required, ...named]);
    entry.isOnlyNamed = required.length === 0;
    for (const id of entry.missing) requestDependency(id, message.id);
    return entry.missing.size === 0 && hasReadBeginnings(entry);
  }

  /** Who signed them is known only once the authors are here. */
  function hasReadBeginnings(entry: Waiting): boolean {
    if (entry.beginnings === 'unread') {
      const reading = readBeginnings(entry.message);
      entry.beginnings = reading ? 'reading' : 'read';
      if (reading) void read(entry, reading);
    }
    return entry.beginnings === 'read';
  }

  async function read(entry: Waiting, reading: Promise<void>): Promise<void> {
    reads++;
    entry.readUntilMs = clock.nowMs() + waitForDependencyMs;
    try {
      await reading;
      entry.beginnings = 'read';
    } catch {
      unreadable();
    }
    reads--;
    drain(entry.message.id);
    releaseSoon();
    lookedUp();
  }

  function hold(message: OtherMessage): boolean {
    if (reads === 0 && heldIDs.size === 0) return false;
    const id = idsIn(message).find((one) => heldIDs.has(one) || isHeldUp(one));
    const last = id && queuesByID.get(id)?.at(-1);
    if (!last) return false;
    last.held.push(message);
    addBytes(bytesPerMessage + sizeOfMessage(message));
    heldIDs.add(id);
    heldCount++;
    return true;
  }

  /** Whether content of the CoValue waits for the database, itself or for what it depends on. */
  function isHeldUp(id: RawCoID): boolean {
    if (reads === 0) return false;
    const visited = new Set([id]);
    for (const one of visited) {
      const first = queuesByID.get(one)?.[0];
      if (first?.beginnings === 'reading') return true;
      for (const missing of first?.missing ?? []) {
        if (visited.size >= maxVisited) break;
        visited.add(missing);
      }
    }
    return false;
  }

  function passHeld(entry: Waiting): void {
    const messages = entry.held;
    entry.held = [];
    heldCount -= messages.length;
    for (const message of messages) addBytes(-bytesPerMessage - sizeOfMessage(message));
    // A comparison is about many CoValues.
    for (const message of messages) if (message.action !== 'reconcile' || !hold(message)) pass(message);
  }

  /** Content that was just passed on may be what other content waits for, and that has to be read next. */
  function releaseSoon(): void {
    if (isReleaseDue || (heldIDs.size === 0 && unrequestedIDs.size === 0)) return;
    isReleaseDue = true;
    setImmediate(() => {
      isReleaseDue = false;
      if (hasHandledAll()) release();
      else releaseSoon();
    });
  }

  function release(): void {
    for (const id of heldIDs) {
      if (isHeldUp(id)) continue;
      heldIDs.delete(id);
      for (const entry of queuesByID.get(id) ?? []) passHeld(entry);
    }
    for (const id of unrequestedIDs) {
      if (isHeldUp(id)) continue;
      unrequestedIDs.delete(id);
      if (dependenciesByID.has(id)) request(id);
    }
    lookedUp();
  }

  function lookUp(entry: Waiting): void {
    const { id } = entry.message;
    searchStorage(id, () => {
      entry.isLookedUp = true;
      queueMicrotask(() => drain(id));
    });
  }

  function searchStorage(id: RawCoID, done: () => void = () => {}): void {
    lookups++;
    getOrCreateCoValue(node, id).loadFromStorage(() => {
      lookups--;
      done();
      lookedUp();
    });
  }

  function requestDependency(id: RawCoID, dependant: RawCoID): void {
    const known = dependenciesByID.get(id);
    if (known) return void known.dependants.add(dependant);
    const coValue = getOrCreateCoValue(node, id);
    const stop = coValue.subscribe(() => {
      if (coValue.isAvailable()) onArrival(id);
    }, false);
    dependenciesByID.set(id, { dependants: new Set([dependant]), stop });
    if (isHeldUp(id)) unrequestedIDs.add(id);
    else request(id);
  }

  function request(id: RawCoID): void {
    const coValue = getOrCreateCoValue(node, id);
    const from = peer();
    coValue.load(from ? [from] : [], 'immediate');
    // The load has already started a storage lookup, so wait for that one.
    if (coValue.getLoadingStateForPeer('storage') === 'pending') searchStorage(id);
  }

  function onArrival(id: RawCoID): void {
    const dependency = dependenciesByID.get(id);
    if (!dependency) return;
    dependenciesByID.delete(id);
    dependency.stop();
    for (const dependant of dependency.dependants) {
      queuesByID.get(dependant)?.[0]?.missing.delete(id);
      drain(dependant);
    }
  }

  /** Keeps the order, because later content builds on earlier content. */
  function drain(id: RawCoID): void {
    const queue = queuesByID.get(id);
    for (let first = queue?.[0]; first && isReady(first); first = queue?.[0]) {
      removeFirst(first);
      pass(first.message);
      passHeld(first);
    }
  }

  function removeFirst(entry: Waiting): void {
    const { id } = entry.message;
    waiting.delete(entry);
    addBytes(-entry.bytes);
    const queue = queuesByID.get(id);
    queue?.shift();
    if (queue?.length !== 0) return;
    queuesByID.delete(id);
    heldIDs.delete(id);
  }

  function dropWhile(isTooMuch: () => boolean): void {
    // The oldest entry is also the first in its queue.
    for (const oldest of waiting) {
      if (!isTooMuch()) return;
      drop(oldest);
    }
  }

  function drop(first: Waiting): void {
    const { message, missing } = first;
    removeFirst(first);
    for (const id of missing) giveUp(id, message.id);
    dropped(message, missing.values().next().value);
    passHeld(first);
    drain(message.id);
    releaseSoon();
  }

  /**
   * Devices load a group without members and parents that nobody has, and so does cojson here. Returns whether there was one,
   * for which other content may wait.
   */
  function passWithoutNamed(nowMs: number): boolean {
    const from = peer();
    const due = [...waiting].filter(
      (entry) => entry.untilMs <= nowMs && entry.isOnlyNamed && entry.missing.size > 0 && isFirst(entry),
    );
    for (const entry of due) {
      const { message, missing } = entry;
      entry.isWithoutNamed = true;
      entry.missing = new Set();
      for (const id of missing) {
        giveUp(id, message.id);
        if (from) getOrCreateCoValue(node, id).markNotFoundInPeer(from.id);
      }
      drain(message.id);
    }
    return due.length > 0;
  }

  const isFirst = (entry: Waiting) => queuesByID.get(entry.message.id)?.[0] === entry;

  function giveUp(id: RawCoID, dependant: RawCoID): void {
    const dependency = dependenciesByID.get(id);
    if (!dependency || queuesByID.get(dependant)?.some(({ missing }) => missing.has(id))) return;
    dependency.dependants.delete(dependant);
    if (dependency.dependants.size > 0) return;
    dependenciesByID.delete(id);
    dependency.stop();
    const from = peer();
    // cojson would query this client again and again until it disconnects.
    if (from) getOrCreateCoValue(node, id).markNotFoundInPeer(from.id);
    gaveUp(id);
  }

  function expire(): void {
    cancelExpiry = undefined;
    const nowMs = clock.nowMs();
    if (passWithoutNamed(nowMs) && waiting.size > 0) {
      cancelExpiry = clock.after(waitForGroupMs, expire);
      return;
    }
    for (const entry of waiting) {
      if (entry.untilMs > nowMs) break;
      if (entry.beginnings === 'reading') {
        if (entry.readUntilMs <= nowMs) return unreadable();
      } else if (isFirst(entry)) drop(entry);
    }
    for (const { untilMs } of waiting) {
      // The rest of those that expired waits for the database.
      cancelExpiry = clock.after(untilMs > nowMs ? untilMs - nowMs : expiryStepMs, expire);
      return;
    }
  }

  return {
    take,
    hold,
    lookups: () => lookups,
    isFull: () =>
      (reads > 0 || heldCount > 0) &&
      (waiting.size + heldCount >= maxMessagesDuringReads || waitingBytes >= maxBytesDuringReads),
    close() {
      cancelExpiry?.();
      const ids = [...dependenciesByID];
      waiting.clear();
      queuesByID.clear();
      dependenciesByID.clear();
      addBytes(-waitingBytes);
      for (const [id, { stop }] of ids) {
        stop();
        gaveUp(id);
      }
    },
  };
}

/** The CoValues that the message is about. */
function idsIn(message: OtherMessage): readonly RawCoID[] {
  switch (message.action) {
    case 'load':
    case 'known':
    case 'done':
      return [message.id];
    case 'reconcile':
      return message.values.map(([id]) => id);
    case 'reconcile-ack':
      return [];
  }
}
