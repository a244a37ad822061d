import type { CoValueCore, LocalNode, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createReadable, type Readable } from '../../base/readable.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import type { Faults } from './faults.ts';
import { listenToMessages } from '../message-tap.ts';
import { findCoValue, readIncomingDepth } from '../../engine/private-fields.ts';
import type { Relay } from '../snapshot.ts';
import { kernelVersion } from '../version.ts';
import { readStates } from '../recording/co-value-states.ts';
import {
  recordingVersion,
  type Content,
  type RecordingEndReason,
  type RecordingHead,
  type RecordingLine,
} from '../recording/recording-lines.ts';

/** Records what arrives at one node. What it holds was, or can be, seen by a relay: no key, no token, no private value. */
export interface Recorder {
  /** The recording that runs, or that ended by itself and was not fetched; undefined while there is none. */
  readonly recording: Readable<RecordingState | undefined>;
  /** The same object until something has arrived. */
  readonly now: RecordingNow | undefined;
  /** Throws where one runs already, or where the node alone is more than a recording may hold. */
  begin(): { stop(): string };
  close(): void;
}

export interface RecordingState {
  readonly sinceMs: number;
  readonly endedAtMs?: number;
  readonly why?: RecordingEndReason;
}
export interface RecordingNow extends RecordingState {
  /** Messages that arrived. */
  readonly messages: number;
  readonly bytes: number;
  readonly maxBytes: number;
}

const ordinaryMaxBytes = 16_000_000;

export function createRecorder(options: {
  readonly inspection: SyncInspection;
  readonly clock: Clock;
  readonly faults: Readable<Faults | undefined>;
  readonly relays: () => readonly Relay[];
  /** In characters, which are bytes here. Default: 16 MB. */
  readonly maxBytes?: number;
}): Recorder {
  const { inspection, clock, faults, relays, maxBytes = ordinaryMaxBytes } = options;
  const recording = createReadable<RecordingState | undefined>(undefined);
  let now: RecordingNow | undefined;
  let endRunning: ((why: RecordingEndReason) => void) | undefined;

  function begin(): { stop(): string } {
    if (endRunning) throw new Error('A recording runs already. Stop it first.');
    const { node } = inspection;
    const sinceMs = clock.nowMs();
    const head: RecordingHead = {
      maia: 'recording',
      v: recordingVersion,
      kernel: kernelVersion,
      startedAtMs: sinceMs,
      accountID: node.getCurrentAccountOrAgentID(),
      sessionID: node.currentSessionID,
      relays: relays().map(({ id, url }) => ({ id, url })),
    };
    const first = JSON.stringify(head);
    const lines: string[] = [first];
    const arrivedFrom: { readonly peerID: string; readonly line: number }[] = [];
    const covered = createCovered();
    let bytes = first.length + 1;
    let messages = 0;

    /** False where there is no room for it. */
    function add(line: RecordingLine): boolean {
      const text = JSON.stringify(line);
      if (bytes + text.length + 1 > maxBytes) return false;
      bytes += text.length + 1;
      lines.push(text);
      return true;
    }

    function addWhatIsElsewhere(core: CoValueCore | undefined): boolean {
      const contents = core && !isLeftOut(core.verified?.header) ? covered.catchUp(core) : [];
      return contents.every((content) => add({ kind: 'had', content }));
    }

    for (const core of node.allCoValues()) {
      if (addWhatIsElsewhere(core)) continue;
      throw new RangeError(
        `This node alone is more than a recording may hold (${maxBytes} bytes). Record in an account with less, or open fewer CoValues.`,
      );
    }

    const stops = [
      listenToMessages(inspection, (direction, peerID, message, _bytes, atMs) => {
        if (direction !== 'received' || !endRunning) return;
        if (message.action === 'content' && isLeftOut(message.header ?? headerOf(node, message.id))) return;
        if (message.action === 'content' && !addWhatIsElsewhere(findCoValue(node, message.id)))
          return end('full');
        if (!add({ kind: 'arrived', atMs, peerID, message })) return end('full');
        arrivedFrom.push({ peerID, line: lines.length - 1 });
        messages++;
        if (message.action === 'content') covered.add(message);
        now = { sinceMs, messages, bytes, maxBytes };
      }),
      inspection.onEvent(({ event, detail }) => {
        if (event !== 'connect' && event !== 'disconnect') return;
        if (!add({ kind: event, atMs: clock.nowMs(), peerID: detail.peerID })) end('full');
      }),
      faults.subscribe((current) => {
        if (!add({ kind: 'faults', atMs: clock.nowMs(), faults: current ?? null })) end('full');
      }),
    ];

    function end(why: RecordingEndReason): void {
      if (endRunning !== end) return;
      endRunning = undefined;
      for (const stop of stops) stop();
      dropUnhandled();
      const atMs = clock.nowMs();
      // What the node got elsewhere meanwhile belongs to its state, whether there is room or not.
      for (const core of node.allCoValues()) {
        if (isLeftOut(core.verified?.header)) continue;
        for (const content of covered.catchUp(core)) lines.push(JSON.stringify({ kind: 'had', content }));
      }
      lines.push(
        JSON.stringify({
          kind: 'end',
          atMs,
          why,
          coValues: readStates(node).filter(({ id }) => !isLeftOut(headerOf(node, id))),
        } satisfies RecordingLine),
      );
      const ended = { sinceMs, endedAtMs: atMs, why };
      now = { ...ended, messages, bytes, maxBytes };
      recording.set(ended);
    }

    /** What cojson has not dealt with has no part in the state at the end. */
    function dropUnhandled(): void {
      for (const peerID of new Set(arrivedFrom.map((arrived) => arrived.peerID))) {
        const depth = readIncomingDepth(node, peerID);
        if (depth === 'unknown' || depth === 0) continue;
        for (const { line } of arrivedFrom.filter((arrived) => arrived.peerID === peerID).slice(-depth)) {
          lines[line] = '';
        }
      }
    }

    endRunning = end;
    now = { sinceMs, messages, bytes, maxBytes };
    recording.set({ sinceMs });
    return {
      stop() {
        end('stopped');
        if (recording.current?.sinceMs === sinceMs) {
          now = undefined;
          recording.set(undefined);
        }
        return `${lines.filter((line) => line !== '').join('\n')}\n`;
      },
    };
  }

  return {
    recording,
    get now() {
      return now;
    },
    begin,
    close: () => endRunning?.('closed'),
  };
}

/** A passkey's own entry: the account's seed, encrypted to that passkey. It goes to relays, and into no file. */
export function isLeftOut(header: { readonly uniqueness?: unknown } | undefined): boolean {
  return header?.uniqueness === 'maia/keyring/v1';
}

function headerOf(node: LocalNode, id: string) {
  return findCoValue(node, id)?.verified?.header;
}

/** How much of each CoValue stands in the recording. */
function createCovered() {
  const countsByID = new Map<string, Map<string, number>>();

  function add(content: SyncMessage & { readonly action: 'content' }): void {
    const counts = countsByID.get(content.id) ?? new Map<string, number>();
    // Without its beginning, or with a gap, cojson does not take it.
    if (!countsByID.has(content.id) && !content.header) return;
    countsByID.set(content.id, counts);
    for (const [sessionID, { after, newTransactions }] of Object.entries(content.new)) {
      const have = counts.get(sessionID) ?? 0;
      if (after <= have) counts.set(sessionID, Math.max(have, after + newTransactions.length));
    }
  }

  return {
    add,
    /** What the node holds beyond that. */
    catchUp(core: CoValueCore): readonly Content[] {
      const { verified } = core;
      if (!verified) return [];
      const counts = countsByID.get(core.id);
      const { sessions } = verified.knownState();
      const isCovered =
        counts &&
        Object.entries(sessions).every(([sessionID, count]) => (counts.get(sessionID) ?? 0) >= count);
      if (isCovered) return [];
      const known = counts && { id: core.id, header: true, sessions: Object.fromEntries(counts) };
      const contents = core.newContentSince(known) ?? [];
      for (const content of contents) add(content);
      return contents;
    },
  };
}
