import { LocalNode } from 'cojson';
import { createKernelError } from '../../base/kernel-error.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { InspectorSnapshot } from '../snapshot.ts';
import { firstDifference, readStates, type StateDifference } from '../recording/co-value-states.ts';
import { readRecording } from './read-recording.ts';
import type { RecordingEndReason } from '../recording/recording-lines.ts';
import { offerUnconnected } from './unconnected-sync.ts';

/** How a replay compares with what was recorded. */
export interface ReplayResult {
  readonly recordedAtMs: number;
  readonly kernel: string;
  readonly accountID: string;
  readonly why: RecordingEndReason;
  readonly faultSeeds: readonly number[];
  /** Messages that had arrived, and CoValues that were there at the end. */
  readonly messages: number;
  readonly coValues: number;
  /** Over counts and signatures of every session: the same for the same state. */
  readonly recordedHash: string;
  readonly replayedHash: string;
  /** Absent where the states are the same. */
  readonly difference?: StateDifference;
}

/** As long as a task of the page may take. */
const sliceMs = 8;

/**
 * Gives what was recorded to a node of its own, which has no keys, no storage and no relay, and says how it ends. Rejects
 * with MESSAGE_INVALID for what is no recording.
 */
export async function replayRecording(
  text: string,
  { node: { crypto } }: { readonly node: Pick<LocalNode, 'crypto'> },
  snapshotOf: (sync: SyncPeers) => InspectorSnapshot,
): Promise<InspectorSnapshot> {
  const { head, messages, faultSeeds, end } = readRecording(text);
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  let sliceEndsMs = performance.now() + sliceMs;
  for (const { message, line } of messages) {
    if (message.action !== 'content') continue;
    try {
      // As an import, cojson checks it all the same, and has nobody to answer.
      node.syncManager.handleNewContent(message, 'import');
    } catch (cause) {
      throw createKernelError(
        'MESSAGE_INVALID',
        `This recording cannot be replayed: cojson does not take line ${line}. Nothing was changed.`,
        { cause },
      );
    }
    if (performance.now() < sliceEndsMs) continue;
    await nextTask();
    sliceEndsMs = performance.now() + sliceMs;
  }
  // What waited for its group is handled in a turn of its own.
  await nextTask();
  const recordedIDs = new Set(end.coValues.map(({ id }) => id));
  const recorded = [...end.coValues].sort((a, b) => (a.id < b.id ? -1 : 1));
  const replayed = readStates(node).filter(({ id }) => recordedIDs.has(id));
  const difference = firstDifference(recorded, replayed);
  const hashOf = (states: typeof recorded) =>
    crypto.secureHash(
      JSON.stringify(states.map(({ id, sessions }) => [id, Object.entries(sessions).sort(byID)])),
    );
  const replay: ReplayResult = {
    ...{
      recordedAtMs: head.startedAtMs,
      kernel: head.kernel,
      accountID: head.accountID,
      why: end.why,
      faultSeeds,
    },
    messages: messages.filter(({ hasArrived }) => hasArrived).length,
    coValues: recorded.length,
    recordedHash: hashOf(recorded),
    replayedHash: hashOf(replayed),
    ...(difference && { difference }),
  };
  const snapshot = snapshotOf(offerUnconnected(node));
  await node.gracefulShutdown();
  return { ...snapshot, replay };
}

function byID([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
