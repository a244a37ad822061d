import type { CoValueCore, LocalNode, PeerState, RawCoID, SessionID, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import { needOf, type PendingEdits } from '../delivery/pending-edits.ts';
import { createDeviceStates } from '../delivery/device-states.ts';
import type { ConfirmedEdit, RelayMemory, RememberedRelay } from '../../storage/relay-memory.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { askRelayFor, requestLoad } from '../../engine/load-request.ts';

/** Detects a relay that lost data. A restored backup may keep its epoch, so every connection queries recent edits. */
export interface LossWatch {
  /** How often the relay is known to have lost data. */
  readonly generation: number;
  /** Whether this device's record of the relay was read. */
  readonly isRead: boolean;
  /** False until `isRead`, and until this connection's relay has shown that it still has its earlier data. */
  readonly isSure: boolean;
  /** Whether the relay of the latest connection in this run has shown that. */
  readonly isVerified: boolean;
  /** The ledger is of this generation. If this tab knew only earlier ones, their confirmations are outdated. */
  foundGeneration(generation: number): void;
  /** Whether confirmations of this generation count. */
  isCurrent(generation: number): boolean;
  /** Whether the relay's record has this generation, without which the ledger takes none of its confirmations. */
  isRecorded(generation: number): boolean;
  connected(hello: HelloFrame | undefined): void;
  /** Call with each message, before it is handled. */
  carried(): void;
  handled(message: SyncMessage, peer: PeerState): void;
  confirmed(id: string, edits: PendingEdits): void;
  /** The relay lacks an edit that it had confirmed. */
  denied(): void;
  lost(): void;
  /** Persists what is remembered, if a write is pending. */
  close(): void;
}

const writeAfterMs = 250;
/** Several edits, because another device may have uploaded one of them again in the meantime. */
const maxRemembered = 8;
/** Limits the answers that do not cover the edit, which concurrent writes of other clients can cause. */
const maxAnswers = 20;

export function createLossWatch(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly memory: RelayMemory;
  /** Resolves once this run's relays were recorded, or that was attempted. */
  readonly recorded: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Discards what the relay confirmed. Resolves once everything on this device counts as missing there, or on abort. */
  readonly recheck: (signal: AbortSignal) => Promise<void>;
  /** What was counted as confirmed may be lost. Another connection is needed, which begins with a comparison. */
  readonly outdated: () => void;
  /** A loss is now in the relay's record, for other tabs to read. */
  readonly onRecorded: () => void;
  readonly onChange: () => void;
}): LossWatch {
  const { node, relayID, memory, clock, logger, recheck, outdated, onRecorded, onChange } = options;
  const states = createDeviceStates(node);
  let remembered: RememberedRelay = {};
  /** The number of losses that this tab knows of. */
  let knownLosses = 0;
  /** The latest generation that was found in the relay's record, in the ledger, or by this tab. */
  let latest: number | undefined;
  /** The latest generation that the relay's record is known to have. */
  let recordedLosses = 0;
  /** Aborted when the connection ends. */
  let connection = new AbortController();
  const closing = new AbortController();
  /** `held`: the comparison waits until the channel has carried something. */
  let phase: 'sure' | 'reading' | 'held' | 'asking' | 'filling' = 'sure';
  let hasCarried = false;
  let hello: HelloFrame | undefined;
  /** Queries without a complete answer, by CoValue. */
  const asked = new Map<RawCoID, ConfirmedEdit & { readonly answers: number }>();
  let cancelWrite: (() => void) | undefined;
  let isRead = false;
  let isVerified = false;
  const beginning = options
    .recorded()
    .then(() => read(closing.signal))
    .then((found) => {
      if (!found) return;
      remembered = { ...found, ...remembered };
      knownLosses = found.losses ?? 0;
      recordedLosses = Math.max(recordedLosses, knownLosses);
      foundGeneration(knownLosses);
      isRead = true;
      onChange();
    });

  /** Tries again until it succeeds: what could not be read may say that the relay has lost data. */
  function read(signal: AbortSignal): Promise<RememberedRelay | undefined> {
    return retry(async () => (await memory.read(relayID)) ?? {}, {
      clock,
      signal,
      failed: (error) =>
        logger.warn('The stored facts about the relay could not be read; retrying automatically', { error }),
    });
  }

  function foundGeneration(generation: number): void {
    const before = latest;
    latest = Math.max(generation, before ?? 0);
    if (before === undefined || generation <= before) return;
    remembered = { ...remembered, refill: true };
    outdated();
  }

  async function compare(): Promise<void> {
    const { signal } = connection;
    phase = 'reading';
    const atStart = remembered.confirmed ?? [];
    // cojson's first messages have already queried CoValues in memory.
    expect(atStart, (id) => getKnownCoValue(node, id)?.isAvailable() === true);
    await beginning;
    // In the meantime another tab may have seen more confirmations, or have handled a loss.
    const found = await read(signal);
    if (!found || signal.aborted || phase !== 'reading') return;
    phase = 'asking';
    const { losses = 0, refill } = found;
    const maxLosses = Math.max(losses, knownLosses);
    recordedLosses = Math.max(recordedLosses, losses);
    if (isAnotherStorage({ ...remembered, ...found }, hello)) {
      // Without a hello, it may be a silent channel to the relay.
      if (hello || hasCarried) return findMissing(maxLosses + 1);
      phase = 'held';
      return;
    }
    // Another tab has found a loss.
    if (losses > knownLosses) return findMissing(losses);
    // A run or a connection ended before everything was compared, and the relay may have lost more since then.
    if (refill || remembered.refill) return findMissing(losses + 1);
    const known = new Set(atStart.map(({ id }) => id));
    const others = (found.confirmed ?? []).filter(({ id }) => !known.has(id));
    const confirmed = [...atStart, ...others].slice(0, maxRemembered);
    remember({ ...remembered, ...(hello && { storage: hello.storage }), confirmed });
    expect(others, () => false);
    if (asked.size === 0) becomeSure();
  }

  function expect(edits: readonly ConfirmedEdit[], isAsked: (id: RawCoID) => boolean): void {
    for (const edit of edits) asked.set(edit.id, { ...edit, answers: 0 });
    for (const { id } of edits) if (!isAsked(id)) ask(id);
  }

  /** Loads the CoValue first, because without it cojson takes a relay's "missing" answer as final. */
  function ask(id: RawCoID): void {
    const { signal } = connection;
    const core = getOrCreateCoValue(node, id);
    // A CoValue in memory needs no load, and a failing storage may never have written it.
    if (core.isAvailable()) return askFor(core);
    void loadIfStored();

    /** To cojson, a read that failed looks like a CoValue that is not stored. */
    async function loadIfStored(): Promise<void> {
      const stored = await retry(() => states.read([id]), { clock, signal });
      if (!stored || signal.aborted) return;
      if (!stored.has(id)) return answered(id);
      requestLoad(node, id, { hasFailed: () => true, notStored: () => {} });
      // Its dependencies may still be loading.
      core.subscribe(onLoaded, true);
    }

    function onLoaded(_: CoValueCore, stop: () => void): void {
      if (!signal.aborted && !core.isAvailable()) return;
      stop();
      if (!signal.aborted) askFor(core);
    }
  }

  function askFor(core: CoValueCore): void {
    const edit = asked.get(core.id);
    if (!edit) return;
    if (!node.syncManager.peers[relayID] || edit.answers > maxAnswers) return answered(core.id);
    askRelayFor(node, relayID, core.id);
  }

  function answered(id: RawCoID): void {
    asked.delete(id);
    if (asked.size === 0 && phase === 'asking') becomeSure();
  }

  /** `losses` includes this one. Written at once, because other tabs may already be certain that nothing is lost. */
  async function findMissing(losses: number): Promise<void> {
    logger.warn('The relay has lost data; comparing everything on this device with it');
    const { signal } = connection;
    phase = 'filling';
    asked.clear();
    if (losses > knownLosses) knownLosses = losses;
    latest = Math.max(knownLosses, latest ?? 0);
    remembered = {
      ...remembered,
      ...(hello && { storage: hello.storage }),
      losses: knownLosses,
      refill: true,
    };
    // Tried again until it succeeds, because other tabs and later runs learn of the loss from the record.
    void retry(write, { clock, signal: closing.signal });
    await recheck(signal);
    if (signal.aborted) return;
    remembered = { ...remembered, refill: false };
    writeOnce();
    becomeSure();
  }

  function becomeSure(): void {
    phase = 'sure';
    isVerified = true;
    onChange();
  }

  function remember(next: RememberedRelay): void {
    remembered = next;
    cancelWrite ??= clock.after(writeAfterMs, writeOnce);
  }

  /** An outdated record only costs a comparison. */
  function writeOnce(): void {
    write().catch(() => {});
  }

  async function write(): Promise<void> {
    cancelWrite?.();
    cancelWrite = undefined;
    const { losses = 0 } = remembered;
    await memory.write(relayID, remembered);
    if (losses <= recordedLosses) return;
    recordedLosses = losses;
    onRecorded();
  }

  return {
    get generation() {
      return knownLosses;
    },
    get isRead() {
      return isRead;
    },
    get isSure() {
      return phase === 'sure' && isRead && remembered.refill !== true;
    },
    get isVerified() {
      return isVerified;
    },
    foundGeneration,
    isCurrent: (generation) => generation === (latest ?? generation),
    isRecorded: (generation) => generation <= recordedLosses,
    connected(its) {
      hello = its;
      isVerified = false;
      void compare();
    },
    carried() {
      hasCarried = true;
      if (phase === 'held') void compare();
    },
    handled(message) {
      const edit = 'id' in message ? asked.get(message.id as RawCoID) : undefined;
      if (!edit) return;
      const { id, sessionID, count, answers } = edit;
      if (message.action === 'known' || message.action === 'load') {
        const has = message.header ? (message.sessions[sessionID] ?? 0) : -1;
        if (has < count && !getOrCreateCoValue(node, id).isDeleted) void findMissing(knownLosses + 1);
        else answered(id);
      } else if (message.action === 'content') {
        // The answer covers other sessions only, so query again until one covers this edit.
        asked.set(id, { ...edit, answers: answers + 1 });
        ask(id);
      }
    },
    confirmed(id, edits) {
      if (phase !== 'sure') return;
      const counts = Object.entries(needOf(edits)).filter(([sessionID]) => sessionID !== 'header');
      // A new CoValue may have only a header, which can be lost as well.
      const [sessionID, count] = counts[0] ?? [node.currentSessionID, 0];
      const edit = { id: id as RawCoID, sessionID: sessionID as SessionID, count };
      const others = (remembered.confirmed ?? []).filter((other) => other.id !== id);
      remember({ ...remembered, confirmed: [edit, ...others].slice(0, maxRemembered) });
    },
    denied() {
      if (phase === 'sure' && remembered.refill !== true) void findMissing(knownLosses + 1);
    },
    lost() {
      connection.abort();
      connection = new AbortController();
      asked.clear();
      hasCarried = false;
      phase = 'sure';
    },
    close() {
      closing.abort();
      if (cancelWrite) writeOnce();
    },
  };
}

function isAnotherStorage({ storage: before }: RememberedRelay, now: HelloFrame | undefined): boolean {
  return before !== undefined && (before.id !== now?.storage.id || before.epoch !== now.storage.epoch);
}
