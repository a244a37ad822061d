import { cojsonInternals, type LocalNode, type PeerState, type RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { contentBytes, sessionsOf, type Content, type CoValueHeader } from '../../engine/content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/**
 * Holds content back until its dependencies arrive: in the CoValue, it would block all later edits. Also until it is read what
 * other places have of the beginnings in it.
 */
export interface DependencyQueue {
  take(message: Content): void;
  lookups(): number;
  /** Content whose beginnings are being read. */
  reads(): number;
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
  mayName(id: string, header: CoValueHeader, sessionID: string): boolean;
  /** Undefined if nothing has to be read. */
  readBeginnings(message: Content): Promise<void> | undefined;
  readonly clock: Clock;
  pass(message: Content): void;
  /** Content waited too long, or too much content was waiting. `missing` is one of its missing dependencies. */
  dropped(message: Content, missing: RawCoID | undefined): void;
  /** No content waits any more for a dependency that did not arrive. */
  gaveUp(id: RawCoID): void;
  /** There are fewer lookups or reads. */
  lookedUp(): void;
}

export const waitForDependencyMs = 30_000;
/** cojson takes up to 10 s to handle a group without what nobody has. */
export const waitForGroupMs = 12_000;
export const maxWaitingMessages = 5_000;
const bytesPerMessage = 500;

interface Waiting {
  readonly message: Content;
  readonly bytes: number;
  readonly untilMs: number;
  missing: readonly RawCoID[];
  /** Whether only members and parents are missing that a group names. */
  isOnlyNamed: boolean;
  /** The storage was queried for the header, which this message lacks. */
  isLookedUp: boolean;
  beginnings: 'unread' | 'reading' | 'read';
}

export function createDependencyQueue(options: DependencyQueueOptions): DependencyQueue {
  const { node, peer, maxBytes, mayName, readBeginnings, clock, pass, dropped, gaveUp, lookedUp } = options;
  /** In order of arrival, which is also the order of expiry. */
  const waiting = new Set<Waiting>();
  const queuesByID = new Map<RawCoID, Waiting[]>();
  const dependenciesByID = new Map<RawCoID, { readonly dependants: Set<RawCoID>; stop(): void }>();
  let waitingBytes = 0;
  let lookups = 0;
  let reads = 0;
  let cancelExpiry: (() => void) | undefined;

  function take(message: Content): void {
    const queue = queuesByID.get(message.id);
    const untilMs = clock.nowMs() + waitForDependencyMs;
    const bytes = bytesPerMessage + contentBytes(message);
    const entry: Waiting = {
      ...{ message, bytes, untilMs, missing: [], isOnlyNamed: false, isLookedUp: false },
      beginnings: 'unread',
    };
    if (!queue && isReady(entry)) return pass(message);
    if (queue) queue.push(entry);
    else queuesByID.set(message.id, [entry]);
    waiting.add(entry);
    waitingBytes += bytes;
    cancelExpiry ??= clock.after(waitForDependencyMs, expire);
    dropWhile(() => waiting.size > maxWaitingMessages || waitingBytes > maxBytes);
  }

  function isReady(entry: Waiting): boolean {
    const { message } = entry;
    const header = getKnownCoValue(node, message.id)?.verified?.header ?? message.header;
    if (!header && !entry.isLookedUp) {
      lookUp(entry);
      return false;
    }
    const isMissing = (id: RawCoID) => !getKnownCoValue(node, id)?.isAvailable();
    const required = requiredOf(message, header).filter(isMissing);
    const named = namedIn(message, header, mayName).filter((id) => isMissing(id) && !required.includes(id));
    entry.missing = [...required, ...named];
    entry.isOnlyNamed = required.length === 0;
    for (const id of entry.missing) requestDependency(id, message.id);
    return entry.missing.length === 0 && hasReadBeginnings(entry);
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
    // Rejects only once the relay has stopped.
    await reading.catch(() => {});
    reads--;
    entry.beginnings = 'read';
    drain(entry.message.id);
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
    for (const dependant of dependency.dependants) drain(dependant);
  }

  /** Keeps the order, because later content builds on earlier content. */
  function drain(id: RawCoID): void {
    const queue = queuesByID.get(id);
    for (let first = queue?.[0]; first && isReady(first); first = queue?.[0]) {
      queue?.shift();
      removeEntry(first);
      pass(first.message);
    }
    if (queue?.length === 0) queuesByID.delete(id);
  }

  function removeEntry(entry: Waiting): void {
    waiting.delete(entry);
    waitingBytes -= entry.bytes;
  }

  function dropWhile(isTooMuch: (oldest: Waiting) => boolean): void {
    for (const oldest of waiting) {
      if (!isTooMuch(oldest)) return;
      const { message, missing } = oldest;
      removeEntry(oldest);
      const queue = queuesByID.get(message.id);
      // The oldest entry is also the first in its queue.
      queue?.shift();
      if (queue?.length === 0) queuesByID.delete(message.id);
      for (const id of missing) giveUp(id, message.id);
      dropped(message, missing[0]);
      drain(message.id);
    }
  }

  /**
   * Devices load a group without members and parents that nobody has, and so does cojson here. Returns whether there was one,
   * for which other content may wait.
   */
  function passWithoutNamed(nowMs: number): boolean {
    const from = peer();
    const due = [...waiting].filter((entry) => entry.untilMs <= nowMs && entry.isOnlyNamed && isFirst(entry));
    for (const entry of due) {
      const { message, missing } = entry;
      removeEntry(entry);
      queuesByID.get(message.id)?.shift();
      for (const id of missing) {
        giveUp(id, message.id);
        if (from) getOrCreateCoValue(node, id).markNotFoundInPeer(from.id);
      }
      pass(message);
      drain(message.id);
    }
    return due.length > 0;
  }

  const isFirst = (entry: Waiting) => queuesByID.get(entry.message.id)?.[0] === entry;

  function giveUp(id: RawCoID, dependant: RawCoID): void {
    const dependency = dependenciesByID.get(id);
    if (!dependency || queuesByID.get(dependant)?.some(({ missing }) => missing.includes(id))) return;
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
    dropWhile(({ untilMs }) => untilMs <= nowMs);
    for (const { untilMs } of waiting) {
      cancelExpiry = clock.after(untilMs - nowMs, expire);
      return;
    }
  }

  return {
    take,
    lookups: () => lookups,
    reads: () => reads,
    close() {
      cancelExpiry?.();
      const ids = [...dependenciesByID];
      waiting.clear();
      queuesByID.clear();
      dependenciesByID.clear();
      for (const [id, { stop }] of ids) {
        stop();
        gaveUp(id);
      }
    },
  };
}

/** Without a header, only the authors are known to be dependencies, as in cojson. Of a group, only they are required. */
function requiredOf(message: Content, header: CoValueHeader | undefined): readonly RawCoID[] {
  const known = header && header.ruleset.type !== 'group' ? header : authorsOnly;
  return [...cojsonInternals.getDependedOnCoValues(known, message)];
}

function namedIn(
  message: Content,
  header: CoValueHeader | undefined,
  mayName: DependencyQueueOptions['mayName'],
): readonly RawCoID[] {
  if (header?.ruleset.type !== 'group') return [];
  const trusted = sessionsOf(message).filter(([sessionID]) => mayName(message.id, header, sessionID));
  const named = { ...message, new: Object.fromEntries(trusted) };
  return [...cojsonInternals.getDependedOnCoValues(header, named)].filter((id) => id !== message.id);
}

const authorsOnly: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: null,
};
