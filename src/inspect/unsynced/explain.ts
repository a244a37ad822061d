import type { LocalNode } from 'cojson';
import { isCoValueID } from '../../wire/ids.ts';
import { nextStepFor } from './next-step.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import { describeReason } from './describe-reason.ts';
import { describeRungState, rungStatesOf, rungWords } from './rung-states.ts';
import { rungs, type InspectorSnapshot, type Peer, type UnsyncedRow } from '../snapshot.ts';
import { countWords, durationWords, trackedWords } from '../shared/format.ts';

/** Why a CoValue is not synced, or how far it got. In words for a person; none of it is a value of the app's. */
export interface Explanation {
  readonly id: string;
  /** One sentence without a full stop: cause, place, detail. */
  readonly verdict: string;
  /** What the verdict rests on, each a sentence. */
  readonly evidence: readonly string[];
  /** What to do, or that nothing is to be done. */
  readonly next: string;
}

export function explain(id: string, snapshot: InspectorSnapshot, node: LocalNode): Explanation {
  if (!isCoValueID(id)) return notAnID(id);
  const row = snapshot.unsynced.find((unsynced) => unsynced.id === id);
  return row ? explainRow(row, snapshot) : explainNotPending(id, snapshot, node);
}

function explainRow(row: UnsyncedRow, { atMs }: InspectorSnapshot): Explanation {
  const { id, reason, missingAt, sinceMs, trackedFor } = row;
  const states = rungStatesOf(row, atMs);
  const error = 'error' in reason ? reason.error : undefined;
  return {
    id,
    verdict: describeReason(reason, atMs),
    evidence: [
      ...rungs.map((rung) => `${rungWords[rung]}: ${describeRungState(states[rung])}.`),
      `Its oldest edit that has not arrived is ${durationWords(atMs - sinceMs)} old.`,
      ...(missingAt.length > 0 ? [`Missing at ${missingAt.join(', ')}.`] : []),
      ...(trackedFor ? [`cojson’s tracker waits for: ${trackedWords(trackedFor)}.`] : []),
      ...(error ? [`${error.code}: ${error.message}`] : []),
    ],
    next: nextStepFor(reason).advice,
  };
}

/** No edit of this device waits: what a page can know of it besides is what it has in memory. */
function explainNotPending(id: string, { peers, overview }: InspectorSnapshot, node: LocalNode): Explanation {
  const coValue = findCoValue(node, id);
  const about = { id, evidence: [`No edit of this device waits.`, ...peers.map(describePeer)] };
  const state = coValue?.loadingState;
  if (!coValue || state === 'unknown' || state === 'garbageCollected' || state === 'onlyKnownState') {
    return {
      ...about,
      verdict: 'Not loaded in this page, and nothing of it waits',
      next: 'Load it, where it should be here.',
    };
  }
  if (state === 'loading') {
    return {
      ...about,
      verdict: 'Being loaded',
      next: peers.some(({ phase }) => phase === 'connected')
        ? 'Wait for an answer.'
        : 'Wait for a relay: this device does not have it.',
    };
  }
  if (!coValue.isAvailable()) {
    return {
      ...about,
      verdict: 'Not found: neither this device nor a relay that answered has it',
      next: 'Check the id, and that the one who made it is synced. It is asked for again when a relay connects, and when it is loaded again.',
    };
  }
  if (coValue.isDeleted)
    return { ...about, verdict: 'Deleted, and the deletion has arrived', next: 'Nothing.' };
  const counts = Object.values(coValue.knownState().sessions);
  const transactions = counts.reduce((sum, count) => sum + count, 0);
  const loaded = `${countWords(transactions, 'transaction')} in ${countWords(counts.length, 'session')} here.`;
  const evidence = [...about.evidence, loaded];
  if (peers.length === 0) {
    return { id, evidence, verdict: 'On this device, which has no relay', next: 'Give sync a relay.' };
  }
  const { durable } = overview.rungs;
  return {
    id,
    evidence,
    verdict: `All edits of this device are ${durable ? 'durable at' : 'confirmed by'} every relay`,
    next: 'Nothing.',
  };
}

function describePeer({ host, phase }: Peer): string {
  return `${host} is ${phase === 'connected' ? 'connected' : `not connected (${phase})`}.`;
}

function notAnID(id: string): Explanation {
  return {
    id,
    verdict: 'Not the id of a CoValue',
    evidence: [`An id begins with “co_z”, and goes on in letters and digits.`],
    next: 'Give the id of a CoValue, such as `map.id`.',
  };
}
