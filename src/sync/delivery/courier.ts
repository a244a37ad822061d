import type { LocalNode, RawCoID, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { getAvailableCoValue, localCounts, readStored } from '../../engine/covalue-lookup.ts';
import type { KnownState } from '../../engine/content.ts';
import { covers, type KnownCounts } from '../../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import { atRelay, isAt, needOf, type PendingEdits } from './pending-edits.ts';
import type { DeviceState, DeviceStates } from './device-states.ts';
import { isPartial } from '../../wire/sync-message.ts';

/**
 * Asks one relay about pending edits until it has answered for each. What is only in storage is asked about without being
 * loaded, and loaded and sent only if the relay lacks it.
 */
export interface Courier {
  connected(): void;
  /** There may be more to ask about. */
  wake(): void;
  /** Call after the relay's message has been counted. */
  handled(message: SyncMessage): void;
  /** Call after what the relay said of it was proven, and counted. */
  proven(id: RawCoID): void;
  lost(): void;
}

/** Leaves time for commits. While content is being sent, acknowledgements come without a question. */
export const firstWaitMs = 5_000;
export const maxWaitMs = 80_000;
const checkEveryMs = 1_000;
/** After about 155 s without an answer. Doubles with each new connection, because a busy relay must not be dialled without end. */
const firstMaxUnanswered = 5;
const lastMaxUnanswered = 80;
const maxInFlight = 500;
/** Loading takes memory, and each loaded CoValue is sent. */
const maxLoading = 100;

interface Question {
  readonly askedAtMs: number;
  readonly waitMs: number;
  readonly isOpen: boolean;
  /** How often the relay has been asked since its last answer. */
  readonly unanswered: number;
  /** Everything had left this device before, so what the relay lacks is on its way no more. */
  readonly wasSent: boolean;
}

/** What a courier needs of its node. */
export interface CourierNode {
  /** Whether the CoValue's content is in memory. */
  has(id: RawCoID): boolean;
  /** Asks the relay about what is in memory. */
  ask(id: RawCoID): void;
  /** Asks the relay about what is stored. */
  askAbout(state: KnownState): void;
  /** Whether memory has this much of the CoValue, of which another tab may have stored more. */
  hasAll(id: RawCoID, counts: KnownCounts): boolean;
  /** Resolves once the load has ended, however it ends. */
  load(id: RawCoID): Promise<unknown>;
  /** Sends what the relay lacks beyond this state, whatever was sent before. */
  sendBeyond(state: KnownState): void;
}

export function createCourierNode(node: LocalNode, relayID: string): CourierNode {
  function askAbout(state: KnownState): void {
    const peer = node.syncManager.peers[relayID];
    if (peer) node.syncManager.trySendToPeer(peer, { action: 'load', ...state });
  }
  return {
    has: (id) => getAvailableCoValue(node, id) !== undefined,
    ask(id) {
      const core = getAvailableCoValue(node, id);
      if (core) askAbout(core.knownStateWithStreaming());
    },
    askAbout,
    hasAll: (id, counts) => covers(localCounts(node, id), counts),
    load: (id) => readStored(node, id),
    sendBeyond({ id, header, sessions }) {
      const peer = node.syncManager.peers[relayID];
      if (!peer) return;
      peer.setKnownState(id, { id, header, sessions });
      node.syncManager.sendNewContent(id, peer);
    },
  };
}

export function createCourier(options: {
  readonly node: CourierNode;
  readonly ladder: Pick<Ladder, 'pending'>;
  readonly relayID: string;
  readonly states: DeviceStates;
  readonly clock: Clock;
  /** Called with what is stored, before the relay is asked about it. */
  readonly onStored: (id: string, state: DeviceState) => void;
  /** What the relay says of it is yet to be proven. */
  readonly isDisputed: (id: string) => boolean;
  /** False until the ladder counts what earlier runs left behind. */
  readonly isSettled: () => boolean;
  /** Another tab uploads it and will announce the relay's answer. */
  readonly isLeftToOther: (id: string) => boolean;
  /** Another tab was to upload some of what is in memory, which waits for the relay's next answer. */
  readonly isOverdue: (id: string) => boolean;
  /** Not all that is pending was found on this device. */
  readonly onNotHere: (id: RawCoID) => void;
  /** The relay answers no question about one CoValue, as stock ones after an error. A new connection is needed. */
  readonly onUnanswered: () => void;
}): Courier {
  const { node, ladder, relayID, states, clock, isSettled, isLeftToOther } = options;
  const questions = new Map<RawCoID, Question>();
  const loading = new Set<RawCoID>();
  const toLoad = new Set<RawCoID>();
  let inFlight = 0;
  /** What was due at the last look and has not been asked about since, in the order in which to ask. */
  let backlog: readonly RawCoID[] = [];
  let receivedAtMs = 0;
  /** When each CoValue in memory was first seen to be pending on this connection. */
  const noticedAtMs = new Map<RawCoID, number>();
  let maxUnanswered = firstMaxUnanswered;
  let isConnected = false;
  /** What this connection reads from storage now. */
  let reading: object | undefined;
  let cancel: (() => void) | undefined;

  function close(id: RawCoID): void {
    const question = questions.get(id);
    if (!question?.isOpen) return;
    inFlight--;
    questions.set(id, { ...question, isOpen: false });
  }

  function mayAsk(id: RawCoID, nowMs: number): boolean {
    const question = questions.get(id);
    return !question || nowMs - question.askedAtMs >= question.waitMs;
  }

  function isDue(id: RawCoID, nowMs: number): boolean {
    if (!mayAsk(id, nowMs)) return false;
    if (!node.has(id) || options.isOverdue(id)) return true;
    // cojson sends what is in memory, and the relay acknowledges it, but a busy relay may have missed it.
    const sinceMs = noticedAtMs.get(id) ?? nowMs;
    noticedAtMs.set(id, sinceMs);
    return nowMs - receivedAtMs >= firstWaitMs || nowMs - sinceMs >= maxWaitMs;
  }

  function isLacking(id: RawCoID): boolean {
    const edits = ladder.pending.get(id);
    if (!edits || isAt(edits, 'confirmed', relayID)) return false;
    return mayTryAgain(edits) && !isLeftToOther(id);
  }

  function mayTryAgain(edits: PendingEdits): boolean {
    const { error } = atRelay(edits, relayID);
    return !error || error.code === 'RELAY_LIMIT';
  }

  /** Otherwise questions that are never answered would take up all room. */
  function closeUnanswered(nowMs: number): void {
    for (const id of questions.keys()) {
      if (isLacking(id) && !mayAsk(id, nowMs)) continue;
      close(id);
      if (!ladder.pending.has(id)) questions.delete(id);
    }
    for (const id of noticedAtMs.keys()) if (!ladder.pending.has(id)) noticedAtMs.delete(id);
  }

  /** Those that wait longest first. */
  function dueIDs(nowMs: number): readonly RawCoID[] {
    const askedAtMs = (id: RawCoID) => questions.get(id)?.askedAtMs ?? -Infinity;
    return ([...ladder.pending.keys()] as RawCoID[])
      .filter((id) => isLacking(id) && isDue(id, nowMs))
      .sort((a, b) => (askedAtMs(a) < askedAtMs(b) ? -1 : Number(askedAtMs(a) > askedAtMs(b))));
  }

  function check(): void {
    cancel?.();
    cancel = undefined;
    if (!isConnected) return;
    if (isSettled()) ask();
    cancel = clock.after(checkEveryMs, check);
  }

  function ask(): void {
    const nowMs = clock.elapsedMs();
    closeUnanswered(nowMs);
    const due = dueIDs(nowMs);
    // A storage that hangs holds up only what has to be read.
    backlog = reading ? [...due.filter(node.has), ...due.filter((id) => !node.has(id))] : due;
    askNext();
  }

  /** Asks as much as there is room for. To look through all pending CoValues for each batch would take seconds. */
  function askNext(): void {
    const nowMs = clock.elapsedMs();
    const stored: RawCoID[] = [];
    let taken = 0;
    for (const id of backlog) {
      const isInMemory = node.has(id);
      if (inFlight + stored.length >= maxInFlight || (reading && !isInMemory)) break;
      taken++;
      if (!isLacking(id) || !isDue(id, nowMs)) continue;
      if (!isInMemory) stored.push(id);
      else {
        begin(id);
        node.ask(id);
      }
    }
    backlog = backlog.slice(taken);
    if (stored.length > 0) void askStored(stored);
  }

  /** Without `isOpen`, there is nothing to ask about, and the next attempt comes later. */
  function begin(id: RawCoID, isOpen = true): void {
    const before = questions.get(id);
    const waitMs = before ? Math.min(before.waitMs * 2, maxWaitMs) : firstWaitMs;
    const edits = ladder.pending.get(id);
    const wasSent = edits !== undefined && isAt(edits, 'sent', relayID);
    const unanswered = (before?.unanswered ?? 0) + Number(isOpen);
    close(id);
    questions.set(id, { askedAtMs: clock.elapsedMs(), waitMs, isOpen, unanswered, wasSent });
    if (isOpen) inFlight++;
    if (unanswered <= maxUnanswered) return;
    maxUnanswered = Math.min(maxUnanswered * 2, lastMaxUnanswered);
    options.onUnanswered();
  }

  async function askStored(ids: readonly RawCoID[]): Promise<void> {
    const read = (reading = {});
    // The storage reports failures.
    const found = await states.read(ids).catch(() => undefined);
    // The connection has ended, so another one asks.
    if (reading !== read) return;
    reading = undefined;
    for (const id of ids) {
      const state = found?.get(id);
      if (state) {
        options.onStored(id, state);
        begin(id);
        node.askAbout(stateOf(id, state.counts));
      } else {
        begin(id, false);
        if (found) load(id);
      }
    }
    askNext();
  }

  /** Once it is loaded, cojson compares it with what the relay has, and sends what it lacks. */
  function load(id: RawCoID): void {
    if (!loading.has(id)) toLoad.add(id);
    loadNext();
  }

  function loadNext(): void {
    for (const id of toLoad) {
      if (loading.size >= maxLoading) return;
      toLoad.delete(id);
      loading.add(id);
      void node.load(id).then(() => {
        loading.delete(id);
        loadNext();
        const edits = ladder.pending.get(id);
        if (edits && !node.hasAll(id, needOf(edits))) options.onNotHere(id);
      });
    }
  }

  /** After an answer: loads what the relay may lack. Returns true if all of that is in memory already. */
  function loadLacking(id: RawCoID): boolean {
    const edits = ladder.pending.get(id);
    if (!edits || isAt(edits, 'confirmed', relayID)) {
      questions.delete(id);
      return false;
    }
    if (!questions.has(id) || options.isDisputed(id)) return false;
    if (node.hasAll(id, needOf(edits))) return true;
    load(id);
    return false;
  }

  return {
    connected() {
      isConnected = true;
      receivedAtMs = clock.elapsedMs();
      check();
    },
    wake: () => {
      if (isConnected && isSettled()) ask();
    },
    handled(message) {
      receivedAtMs = clock.elapsedMs();
      if (message.action !== 'known' && message.action !== 'load') return;
      // It answers content. The answer to a question names all sessions.
      if (isPartial(message)) return;
      const { id } = message;
      const question = questions.get(id);
      close(id);
      if (question) questions.set(id, { ...question, isOpen: false, unanswered: 0 });
      if (loadLacking(id) && question?.isOpen && question.wasSent) node.sendBeyond(message);
      if (inFlight < maxInFlight / 2) askNext();
    },
    proven: (id) => void loadLacking(id),
    lost() {
      isConnected = false;
      questions.clear();
      noticedAtMs.clear();
      toLoad.clear();
      backlog = [];
      reading = undefined;
      inFlight = 0;
      cancel?.();
      cancel = undefined;
    },
  };
}

function stateOf(id: RawCoID, { header = 0, ...sessions }: KnownCounts): KnownState {
  return { id, header: header > 0, sessions };
}
