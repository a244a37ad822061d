import type { LocalNode } from 'cojson';
import { findCoValue } from '../../engine/private-fields.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { describeOutage } from '../shared/describe-outage.ts';
import { isDelivered } from '../../worker/delivered-nodes.ts';
import { describeRequest } from '../shared/describe-request.ts';
import { clockAdvice, describeClock } from '../shared/wrong-clock.ts';
import { formatCount, formatDuration, formatTrackedFor } from '../shared/format.ts';
import type { InspectorSnapshot } from '../snapshot/inspector-snapshot.ts';
import { isStorageRefused, rungs, type Overview } from '../snapshot/overview-facts.ts';
import type { NextStepCode } from '../snapshot/next-step-code.ts';
import type { Peer } from '../snapshot/relay-facts.ts';
import type { LostReason, Reason, UnsyncedRow } from '../snapshot/unsynced-row.ts';
import { causeOf, type Cause } from './cause.ts';
import { describeReason } from './describe-reason.ts';
import { isLost } from './lost-edits.ts';
import { missingPlaces } from './missing-places.ts';
import { nextStepFor } from './next-step.ts';
import { describeUrlSource } from './outage-advice.ts';
import { describeRungState, rungStatesOf, rungLabels } from './rung-states.ts';

/** Why a CoValue is not synced, or how far it got, as text for people. Contains none of the app's values. */
export interface Explanation {
  readonly id: string;
  /** The verdict, for programs. */
  readonly cause:
    | Cause
    | 'checking'
    | 'confirmed'
    | 'deleted'
    | 'invalid-id'
    | 'loading'
    | 'not-found'
    | 'not-loaded'
    | 'storage-refused';
  /** What to do, for programs. */
  readonly step: NextStepCode;
  /** The facts behind the verdict. Absent if no edit from this device is waiting. */
  readonly reason?: Reason;
  /** One sentence without a full stop. */
  readonly verdict: string;
  /** What the verdict is based on; each entry is a sentence. */
  readonly evidence: readonly string[];
  /** What to do, or `Nothing.` */
  readonly next: string;
}

export function explain(id: string, snapshot: InspectorSnapshot, node: LocalNode): Explanation {
  if (!isCoValueID(id)) return explainInvalidID(id);
  const row = snapshot.unsynced.find((unsynced) => unsynced.id === id);
  if (!row) return explainNotPending(id, snapshot, node);
  return isLost(row.reason) ? explainLost(row, row.reason, snapshot, node) : explainRow(row, snapshot, node);
}

/** The other edits of the CoValue may be pending, or have arrived. */
function explainLost(
  row: UnsyncedRow,
  reason: LostReason,
  snapshot: InspectorSnapshot,
  node: LocalNode,
): Explanation {
  const { otherReason, id } = row;
  const others = otherReason
    ? explainRow({ ...row, reason: otherReason }, snapshot, node)
    : explainNotPending(id, snapshot, node);
  return {
    id,
    cause: causeOf(reason),
    step: nextStepFor(reason).code,
    reason,
    verdict: describeReason(reason, snapshot.atMs),
    evidence: [...describeLost(reason), `${others.verdict}.`, ...others.evidence],
    next: nextStepFor(reason).advice,
  };
}

function describeLost(reason: LostReason): readonly string[] {
  const edits = formatCount(reason.edits, 'edit');
  if (reason.kind === 'not-counted')
    return [`Every device ignores ${edits} from this device.`, `cojson: ${reason.message}.`];
  const create = reason.edits === 1 ? 'creates' : 'create';
  const what = reason.isCreation ? `${edits} that ${create} a CoValue in this group` : edits;
  return [`This device refused ${what}.`, `${reason.error.code}: ${reason.error.message}`];
}

function explainRow(
  row: UnsyncedRow,
  { atMs, overview, peers }: InspectorSnapshot,
  node: LocalNode,
): Explanation {
  const { clockOffsetMs } = overview;
  const { id, reason, sinceMs, trackedFor } = row;
  const missingAt = missingPlaces(row);
  const states = rungStatesOf(row, atMs);
  const error = 'error' in reason ? reason.error : undefined;
  const { code: step, advice } = nextStepFor(reason);
  return {
    id,
    cause: causeOf(reason),
    step,
    reason,
    verdict: describeReason(reason, atMs),
    evidence: [
      ...rungs.map((rung) => `${rungLabels[rung]}: ${describeRungState(states[rung])}.`),
      `Its oldest waiting edit is ${formatDuration(atMs - sinceMs)} old.`,
      ...(missingAt.length > 0 ? [`Missing from ${missingAt.join(' and ')}.`] : []),
      ...(trackedFor ? [`cojson’s tracker waits for: ${formatTrackedFor(trackedFor)}.`] : []),
      ...(error ? [`${error.code}: ${error.message}`] : []),
      ...describeAddress(reason),
      ...describeRequests(reason, peers),
      ...(missingAt.length > 0 && isDelivered(node)
        ? [
            'If the last tab is closed, the browser starts the app’s service worker once there is a network, to send them.',
          ]
        : []),
      ...(clockOffsetMs === undefined ? [] : [`${describeClock(clockOffsetMs)}.`]),
    ],
    next: advice,
  };
}

function describeAddress(reason: Reason): readonly string[] {
  if (reason.kind !== 'not-connected' || reason.urlSource === undefined) return [];
  return [`The relay’s address comes from ${describeUrlSource(reason.urlSource)}.`];
}

function describeRequests(reason: Reason, peers: readonly Peer[]): readonly string[] {
  if (!('host' in reason)) return [];
  const peer = peers.find(({ host, phase }) => host === reason.host && phase !== 'connected');
  return peer?.failedRequests.map(describeRequest) ?? [];
}

/** If no edit from this device is waiting, the page knows only what it has in memory. */
function explainNotPending(
  id: string,
  { atMs, peers, overview }: InspectorSnapshot,
  node: LocalNode,
): Explanation {
  const coValue = findCoValue(node, id);
  const { clockOffsetMs } = overview;
  const unknown = unknownOfEarlierRuns(overview);
  const about = {
    id,
    evidence: [
      `No edit ${unknown ? 'from this run' : 'from this device'} is waiting to sync.`,
      ...peers.map((peer) => describePeer(peer, atMs)),
      ...(clockOffsetMs === undefined ? [] : [`${describeClock(clockOffsetMs)}.`]),
    ],
  };
  const state = coValue?.loadingState;
  if (!coValue || state === 'unknown' || state === 'garbageCollected' || state === 'onlyKnownState') {
    if (unknown) return { ...about, ...unknown };
    return {
      ...about,
      cause: 'not-loaded',
      step: 'nothing',
      verdict: 'Not loaded in this page, and no edit is waiting to sync',
      next: 'Load it if this page needs it.',
    };
  }
  if (state === 'loading') {
    return {
      ...about,
      cause: 'loading',
      step: 'wait',
      verdict: 'Being loaded',
      next: peers.some(({ phase }) => phase === 'connected')
        ? 'Wait for an answer.'
        : 'Wait until a relay connects: this device does not have it.',
    };
  }
  if (!coValue.isAvailable()) {
    return {
      ...about,
      cause: 'not-found',
      step: 'check-id',
      verdict: 'Not found: neither this device nor any relay that answered has it',
      next: 'Check the ID, and check that the device that created the CoValue has synced. The kernel requests the CoValue again when a relay connects or the app loads it.',
    };
  }
  if (coValue.isDeleted)
    return {
      ...about,
      cause: 'deleted',
      step: 'nothing',
      verdict: 'Deleted, and no edit is waiting to sync',
      next: 'Nothing.',
    };
  const counts = Object.values(coValue.knownState().sessions);
  const transactions = counts.reduce((sum, count) => sum + count, 0);
  const loaded = `${formatCount(transactions, 'transaction')} in ${formatCount(counts.length, 'session')} here.`;
  const evidence = [...about.evidence, loaded];
  if (peers.length === 0) {
    return {
      id,
      cause: 'no-relay',
      step: 'connect-relay',
      evidence,
      verdict: 'On this device only: no relay is set up',
      next: 'Connect a relay.',
    };
  }
  if (unknown) return { id, evidence, ...unknown };
  return {
    id,
    cause: 'confirmed',
    step: clockOffsetMs === undefined ? 'nothing' : 'correct-clock',
    evidence,
    verdict: `All edits from this device are ${overview.rungs.durable ? 'durable at' : 'confirmed by'} every relay`,
    next: clockOffsetMs === undefined ? 'Nothing.' : clockAdvice,
  };
}

/** Why earlier runs may have left edits that this one does not know of. */
function unknownOfEarlierRuns({ storage, rungs: { confirmed } }: Overview) {
  if (isStorageRefused({ storage })) {
    return {
      cause: 'storage-refused',
      step: 'check-storage',
      verdict: 'No edit from this run is waiting; edits from earlier runs, if any, cannot be read',
      next: storage.error?.message ?? '',
    } as const;
  }
  if (confirmed.known) return undefined;
  return {
    cause: 'checking',
    step: 'wait',
    verdict: 'No edit from this run is waiting; edits from earlier runs are being checked',
    next: 'Wait until the kernel has compared the relay with this device.',
  } as const;
}

function describePeer(
  { host, phase, outage, phaseSinceMs, disconnectedSinceMs }: Peer,
  nowMs: number,
): string {
  if (outage) {
    return `${describeOutage(outage, { host, sinceMs: disconnectedSinceMs ?? phaseSinceMs, nowMs })}.`;
  }
  return `${host} is ${phase === 'connected' ? 'connected' : `not connected (${phase})`}.`;
}

function explainInvalidID(id: string): Explanation {
  return {
    id,
    cause: 'invalid-id',
    step: 'check-id',
    verdict: 'Not the ID of a CoValue',
    evidence: ['An ID starts with “co_z”, followed by letters and digits.'],
    next: 'Pass the ID of a CoValue, such as `map.id`.',
  };
}
