import { LocalNode } from 'cojson';
import { createKernelError } from '../../base/kernel-error.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { InspectorSnapshot } from '../snapshot/inspector-snapshot.ts';
import type { ReplayResult } from '../snapshot/recording-facts.ts';
import { firstDifference, readStates } from './covalue-states.ts';
import { readRecording } from './read-recording.ts';
import { offerUnconnected } from './unconnected-sync.ts';

/** The longest task that keeps the page responsive. */
const sliceMs = 8;

/** Replays into a new node without keys, storage or relays. Rejects with MESSAGE_INVALID for anything but a recording. */
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
      // cojson verifies an import too, but sends no answer.
      node.syncManager.handleNewContent(message, 'import');
    } catch (cause) {
      throw createKernelError(
        'MESSAGE_INVALID',
        `Cannot replay this recording: cojson rejected line ${line}. Nothing was changed.`,
        { cause },
      );
    }
    if (performance.now() < sliceEndsMs) continue;
    await nextTask();
    sliceEndsMs = performance.now() + sliceMs;
  }
  // Content that waited for its group is handled in a later task.
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
    recordedAtMs: head.startedAtMs,
    kernel: head.kernel,
    accountID: head.accountID,
    why: end.why,
    faultSeeds,
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
