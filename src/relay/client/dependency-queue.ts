import { cojsonInternals, type LocalNode, type PeerState, type RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { contentBytes, type Content, type CoValueHeader } from '../../engine/content.ts';

/**
 * Gives a client's content to the node once all that it depends on is there. cojson would wait for it in the CoValue
 * itself, and hold up everybody's edits behind content whose author or group never comes.
 */
export interface WaitingContent {
  take(message: Content): void;
  /** How many CoValues are looked for in the storage at present. */
  lookups(): number;
  /** Forgets what waits, with the connection. */
  close(): void;
}

export interface WaitingContentOptions {
  readonly node: LocalNode;
  /** The client, who is asked for what is missing; undefined once it is gone. */
  readonly peer: () => PeerState | undefined;
  /** The most that waits, in bytes. */
  readonly maxBytes: number;
  readonly clock: Clock;
  pass(message: Content): void;
  /** It waited too long, or too much waits. `missing` is one of those that did not come. */
  dropped(message: Content, missing: RawCoID | undefined): void;
  /** Nothing waits any more for a CoValue that did not come. */
  gaveUp(id: RawCoID): void;
  /** The storage has answered. */
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
  /** The storage was asked for the beginning, which this message does not bring. */
  isLookedUp: boolean;
}

export function createWaitingContent(options: WaitingContentOptions): WaitingContent {
  const { node, peer, maxBytes, clock, pass, dropped, gaveUp, lookedUp } = options;
  /** In the order in which they came, which is also that in which their time is up. */
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
    const header = coValueInMemory(message.id)?.verified?.header ?? message.header;
    if (!header && !entry.isLookedUp) {
      lookUp(entry);
      return false;
    }
    entry.missing = dependenciesOf(message, header).filter((id) => !coValueInMemory(id)?.isAvailable());
    for (const id of entry.missing) ask(id, message.id);
    return entry.missing.length === 0;
  }

  function lookUp(entry: Waiting): void {
    const { id } = entry.message;
    search(id, () => {
      entry.isLookedUp = true;
      queueMicrotask(() => drain(id));
    });
  }

  function search(id: RawCoID, done: () => void = () => {}): void {
    lookups++;
    node.getCoValue(id).loadFromStorage(() => {
      lookups--;
      done();
      lookedUp();
    });
  }

  function ask(id: RawCoID, dependant: RawCoID): void {
    const known = dependenciesByID.get(id);
    if (known) return void known.dependants.add(dependant);
    const coValue = node.getCoValue(id);
    const stop = coValue.subscribe(() => {
      if (coValue.isAvailable()) arrived(id);
    }, false);
    dependenciesByID.set(id, { dependants: new Set([dependant]), stop });
    const from = peer();
    coValue.load(from ? [from] : [], 'immediate');
    // The load has begun to look there: this waits along with it.
    if (coValue.getLoadingStateForPeer('storage') === 'pending') search(id);
  }

  function arrived(id: RawCoID): void {
    const dependency = dependenciesByID.get(id);
    if (!dependency) return;
    dependenciesByID.delete(id);
    dependency.stop();
    for (const dependant of dependency.dependants) drain(dependant);
  }

  /** In order: each builds on the one before. */
  function drain(id: RawCoID): void {
    const queue = queuesByID.get(id);
    for (let first = queue?.[0]; first && isReady(first); first = queue?.[0]) {
      queue?.shift();
      forget(first);
      pass(first.message);
    }
    if (queue?.length === 0) queuesByID.delete(id);
  }

  function forget(entry: Waiting): void {
    waiting.delete(entry);
    waitingBytes -= entry.bytes;
  }

  function dropWhile(isTooMuch: (oldest: Waiting) => boolean): void {
    for (const oldest of waiting) {
      if (!isTooMuch(oldest)) return;
      const { message, missing } = oldest;
      forget(oldest);
      const queue = queuesByID.get(message.id);
      // What came first waits first, in each queue as in all.
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
    // cojson would keep asking this client for as long as it is there.
    if (from) node.getCoValue(id).markNotFoundInPeer(from.id);
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

  function coValueInMemory(id: RawCoID) {
    return node.isCoValueInMemory(id) ? node.getCoValue(id) : undefined;
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
  // Without a header only the authors can be told, as cojson does.
  const known = header ?? authorsOnly;
  return [...cojsonInternals.getDependedOnCoValues(known, message)];
}

const authorsOnly: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: null,
};
