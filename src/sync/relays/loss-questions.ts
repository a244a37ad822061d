import type { CoValueCore, LocalNode, RawCoID, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { retry } from '../../base/retry.ts';
import { isDeleteSession } from '../../engine/content.ts';
import {
  covers,
  deletionOnly,
  knownCountsOfContent,
  knownCountsOfState,
  mergeCounts,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { askNext, askRelayFor, requestLoad } from '../../engine/load-request.ts';
import type { ConfirmedEdit } from '../../storage/remembered-relay.ts';
import type { DeviceStates } from '../delivery/device-states.ts';
import { isPartial } from '../../wire/sync-message.ts';

/** Asks a relay on one connection whether it still has edits that it confirmed. */
export interface LossQuestions {
  /** Whether an answer is missing. */
  readonly areOpen: boolean;
  /** `mayBeAsked`: cojson has queued questions about the CoValues in memory on this connection, or has sent them. */
  ask(edits: readonly ConfirmedEdit[], options: { readonly mayBeAsked: boolean }): void;
  /** What the message answers. */
  handled(message: SyncMessage): LossAnswer | undefined;
  clear(): void;
}

export interface LossAnswer {
  readonly id: RawCoID;
  /** Whether the relay has all that was asked about of the CoValue. */
  readonly has: boolean;
  /** The latest generation in which the relay was known to have it. */
  readonly generation: number;
}

/** Concurrent writes of other clients can cause answers that do not cover the edit. After this many, it counts as lost. */
const maxAnswers = 20;

interface Question {
  /** What the relay has confirmed. */
  readonly counts: KnownCounts;
  readonly generation: number;
  readonly answers: number;
}

export function createLossQuestions(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly states: Pick<DeviceStates, 'read'>;
  readonly clock: Clock;
  /** Of the current connection. */
  readonly signal: () => AbortSignal;
  readonly onAnswered: () => void;
}): LossQuestions {
  const { node, relayID, states, clock, onAnswered } = options;
  const asked = new Map<RawCoID, Question>();

  /** Loads the CoValue first, because without it cojson takes a relay's "missing" answer as final. */
  function ask(id: RawCoID): void {
    const signal = options.signal();
    const core = getOrCreateCoValue(node, id);
    // A CoValue in memory needs no load, and a failing storage may never have written it.
    if (core.isAvailable()) return askFor(id);
    void loadIfStored();

    /** To cojson, a read that failed looks like a CoValue that is not stored. */
    async function loadIfStored(): Promise<void> {
      const stored = await retry(() => states.read([id]), { clock, signal });
      if (!stored || signal.aborted) return;
      // The page was killed before it was stored. The relay sends it if it has it.
      if (!stored.has(id)) return askFor(id);
      requestLoad(node, id, { hasFailed: () => true, notStored: () => {} });
      // Its dependencies may still be loading.
      core.subscribe(onLoaded, true);
    }

    function onLoaded(_: CoValueCore, stop: () => void): void {
      if (!signal.aborted && !core.isAvailable()) return;
      stop();
      if (!signal.aborted) askFor(id);
    }
  }

  function askFor(id: RawCoID): void {
    if (!asked.has(id)) return;
    if (node.syncManager.peers[relayID]) askRelayFor(node, relayID, id);
    else answered(id);
  }

  function answered(id: RawCoID): void {
    asked.delete(id);
    if (asked.size === 0) onAnswered();
  }

  return {
    get areOpen() {
      return asked.size > 0;
    },
    ask(edits, { mayBeAsked }) {
      for (const { id, sessionID, count, generation = 0 } of edits) {
        const before = asked.get(id) ?? { counts: {}, generation };
        const counts = [before.counts, { header: 1 }, { [sessionID]: count }].reduce(mergeCounts);
        asked.set(id, { counts, generation: Math.max(before.generation, generation), answers: 0 });
      }
      for (const id of new Set(edits.map(({ id }) => id))) {
        const core = mayBeAsked ? getAvailableCoValue(node, id) : undefined;
        if (core) askNext(node, relayID, core);
        else ask(id);
      }
    },
    handled(message) {
      const id = 'id' in message ? (message.id as RawCoID) : undefined;
      const question = id && asked.get(id);
      if (!question) return undefined;
      const { counts, generation, answers } = question;
      const answer = (has: boolean): LossAnswer => {
        answered(id);
        return { id, has, generation };
      };
      if (message.action === 'known' || message.action === 'load') {
        // A deletion ends the other edits.
        const need = getOrCreateCoValue(node, id).isDeleted ? deletionOnly(counts) : counts;
        const has = covers(knownCountsOfState(message), need);
        return has || !isPartial(message) ? answer(has) : undefined;
      }
      if (message.action === 'content') {
        // A relay that has the deletion sends nothing else.
        const isUndeleted =
          Object.keys(counts).some(isDeleteSession) && !Object.keys(message.new).every(isDeleteSession);
        if (isUndeleted || answers >= maxAnswers) return answer(false);
        if (covers({ header: 1, ...knownCountsOfContent(message) }, counts)) return answer(true);
        // The answer covers other sessions only, so query again until one covers this edit.
        asked.set(id, { ...question, answers: answers + 1 });
        ask(id);
      }
      return undefined;
    },
    clear: () => asked.clear(),
  };
}
