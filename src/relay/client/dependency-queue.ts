import { cojsonInternals, type LocalNode, type PeerState, type RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { contentBytes, type Content, type CoValueHeader } from '../../engine/content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** Holds content back until its dependencies arrive: in the CoValue, it would block all later edits. */
export interface DependencyQueue {
  take(message: Content): void;
  lookups(): number;
  /** Discards waiting content. Call it when the connection ends. */
  close(): void;
}

export interface DependencyQueueOptions {
  readonly node: LocalNode;
  /** The client, which is asked for missing dependencies; undefined once it has disconnected. */
  readonly peer: () => PeerState | undefined;
  readonly maxBytes: number;
  readonly clock: Clock;
  pass(message: Content): void;
  /** Content waited too long, or too much content was waiting. `missing` is one of its missing dependencies. */
  dropped(message: Content, missing: RawCoID | undefined): void;
  /** No content waits any more for a dependency that did not arrive. */
  gaveUp(id: RawCoID): void;
  lookedUp(): void;
}

export const waitForDependencyMs = 30_000;
export const maxWaitingMessages = 5_000;
const bytesPerMessage = 500;

interface Waiting {
  readonly message: Content;
  readonly bytes: number;
  readonly untilMs: number;
  missing: readonly RawCoID[];
  /** The storage was queried for the header, which this message lacks. */
  isLookedUp: boolean;
}

export function createDependencyQueue(options: DependencyQueueOptions): DependencyQueue {
  const { node, peer, maxBytes, clock, pass, dropped, gaveUp, lookedUp } = options;
  /** In order of arrival, which is also the order of expiry. */
  const waiting = new Set<Waiting>();
  const queuesByID = new Map<RawCoID, Waiting[]>();
  const dependenciesByID = new Map<RawCoID, { readonly dependants: Set<RawCoID>; stop(): void }>();
  let waitingBytes = 0;
  let lookups = 0;
  let cancelExpiry: (() => void) | undefined;

  function take(message: Content): void {
    const queue = queuesByID.get(message.id);
    const untilMs = clock.nowMs() + waitForDependencyMs;
    const bytes = bytesPerMessage + contentBytes(message);
    const entry: Waiting = { message, bytes, untilMs, missing: [], isLookedUp: false };
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
    entry.missing = dependenciesOf(message, header).filter((id) => !getKnownCoValue(node, id)?.isAvailable());
    for (const id of entry.missing) requestDependency(id, message.id);
    return entry.missing.length === 0;
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
    dropWhile(({ untilMs }) => untilMs <= nowMs);
    for (const { untilMs } of waiting) {
      cancelExpiry = clock.after(untilMs - nowMs, expire);
      return;
    }
  }

  return {
    take,
    lookups: () => lookups,
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

function dependenciesOf(message: Content, header: CoValueHeader | undefined): readonly RawCoID[] {
  // Without a header, only the authors are known to be dependencies, as in cojson.
  const known = header ?? authorsOnly;
  return [...cojsonInternals.getDependedOnCoValues(known, message)];
}

const authorsOnly: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: null,
};
