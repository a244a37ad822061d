import type { CoValueCore, LocalNode, PeerState, RawCoID, SessionID, SyncMessage } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { HelloFrame } from '../wire/frames.ts';
import { needOf, type PendingEdits } from './pending-edits.ts';
import type { ConfirmedEdit, RelayMemory, RememberedRelay } from '../storage/relay-memory.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../engine/covalue-lookup.ts';

/** Detects a relay that lost data. A restored backup may keep its epoch, so every connection queries recent edits. */
export interface LossWatch {
  /** False until this connection's relay has shown that it still has its earlier data. */
  readonly isSure: boolean;
  connected(hello: HelloFrame | undefined): void;
  handled(message: SyncMessage, peer: PeerState): void;
  confirmed(id: string, edits: PendingEdits): void;
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
  readonly clock: Clock;
  readonly logger: Logger;
  /** Discards what the relay confirmed. Resolves once everything on this device counts as missing there. */
  readonly recheck: () => Promise<void>;
  readonly onChange: () => void;
}): LossWatch {
  const { node, relayID, memory, clock, logger, recheck, onChange } = options;
  let remembered: RememberedRelay = {};
  /** The number of losses that this tab knows of. */
  let knownLosses = 0;
  let connection = {};
  let phase: 'sure' | 'reading' | 'asking' | 'filling' = 'sure';
  /** Queries without a complete answer, by CoValue. */
  const asked = new Map<RawCoID, ConfirmedEdit & { readonly answers: number }>();
  let cancelWrite: (() => void) | undefined;
  const beginning = read().then((found) => {
    remembered = { ...found, ...remembered };
    knownLosses = found.losses ?? 0;
  });

  async function read(): Promise<RememberedRelay> {
    try {
      return (await memory.read(relayID)) ?? {};
    } catch (error) {
      logger.warn('The stored facts about the relay could not be read', { error });
      return {};
    }
  }

  async function compare(hello: HelloFrame | undefined): Promise<void> {
    const mine = connection;
    phase = 'reading';
    const atStart = remembered.confirmed ?? [];
    // cojson's first messages have already queried CoValues in memory.
    expect(atStart, (id) => getKnownCoValue(node, id)?.isAvailable() === true);
    await beginning;
    // In the meantime another tab may have seen more confirmations, or have handled a loss.
    const found = await read();
    if (connection !== mine || phase !== 'reading') return;
    phase = 'asking';
    const { losses = 0 } = found;
    if (isAnotherStorage(remembered, hello) || losses > knownLosses) {
      return findMissing(hello, Math.max(losses, knownLosses));
    }
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
    const mine = connection;
    const core = getOrCreateCoValue(node, id);
    // A CoValue in memory needs no load, and a failing storage may never have written it.
    if (core.isAvailable()) return askFor(core);
    core.loadFromStorage((isFound) => {
      // Its dependencies may still be loading.
      if (isFound) core.subscribe(onLoaded, true);
      else if (connection === mine) answered(id);
    });

    function onLoaded(_: CoValueCore, stop: () => void): void {
      if (connection === mine && !core.isAvailable()) return;
      stop();
      if (connection === mine) askFor(core);
    }
  }

  function askFor(core: CoValueCore): void {
    const edit = asked.get(core.id);
    const peer = node.syncManager.peers[relayID];
    if (!edit) return;
    if (!peer || edit.answers > maxAnswers) return answered(core.id);
    node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
  }

  function answered(id: RawCoID): void {
    asked.delete(id);
    if (asked.size === 0 && phase === 'asking') becomeSure();
  }

  /** `losses` includes this one. Written at once, because other tabs may already be certain that nothing is lost. */
  async function findMissing(hello: HelloFrame | undefined, losses: number): Promise<void> {
    logger.warn('The relay has lost data; comparing everything on this device with it');
    const mine = connection;
    phase = 'filling';
    asked.clear();
    if (losses > knownLosses) knownLosses = losses;
    remembered = { ...remembered, losses: knownLosses };
    write();
    await recheck();
    if (connection !== mine) return;
    remember({ ...remembered, ...(hello && { storage: hello.storage }) });
    becomeSure();
  }

  function becomeSure(): void {
    phase = 'sure';
    onChange();
  }

  function remember(next: RememberedRelay): void {
    remembered = next;
    cancelWrite ??= clock.after(writeAfterMs, write);
  }

  function write(): void {
    cancelWrite?.();
    cancelWrite = undefined;
    memory.write(relayID, remembered);
  }

  let hello: HelloFrame | undefined;
  return {
    get isSure() {
      return phase === 'sure';
    },
    connected(its) {
      hello = its;
      void compare(its);
    },
    handled(message) {
      const edit = 'id' in message ? asked.get(message.id as RawCoID) : undefined;
      if (!edit) return;
      const { id, sessionID, count, answers } = edit;
      if (message.action === 'known' || message.action === 'load') {
        const has = message.header ? (message.sessions[sessionID] ?? 0) : -1;
        if (has < count && !getOrCreateCoValue(node, id).isDeleted) void findMissing(hello, knownLosses + 1);
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
    lost() {
      connection = {};
      asked.clear();
      phase = 'sure';
    },
    close() {
      if (cancelWrite) write();
    },
  };
}

function isAnotherStorage({ storage: before }: RememberedRelay, now: HelloFrame | undefined): boolean {
  return before !== undefined && (before.id !== now?.storage.id || before.epoch !== now.storage.epoch);
}
