import type { CoValueCore, LocalNode, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createReadable, type Readable } from '../../base/readable.ts';
import { kernelVersion } from '../../base/version.ts';
import { findCoValue, readIncomingDepth } from '../../engine/private-fields.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { isLeftOut } from '../shared/app-content.ts';
import { originalPeerID } from '../shared/peer-address.ts';
import { listenToMessages } from '../shared/taps.ts';
import type { Faults } from '../snapshot/fault-facts.ts';
import {
  type RecordingNow,
  type RecordingState,
  recordingVersion,
  type Content,
  type RecordingEndReason,
  type RecordingHead,
  type RecordingLine,
} from '../snapshot/recording-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { readStates } from './covalue-states.ts';

/** Records what arrives at one node. A recording contains only what a relay may see: no keys, tokens or private values. */
export interface Recorder {
  /** The running recording, or one that ended automatically and has not been fetched yet. */
  readonly recording: Readable<RecordingState | undefined>;
  /** The same object until a message arrives. */
  readonly now: RecordingNow | undefined;
  /** Throws if a recording is running, or if the node alone exceeds `maxBytes`. */
  begin(): { stop(): string };
  close(): void;
}

const defaultMaxBytes = 16_000_000;

export function createRecorder(options: {
  readonly inspection: SyncInspection;
  readonly clock: Clock;
  readonly faults: Readable<Faults | undefined>;
  readonly relays: () => readonly Relay[];
  /** In characters, which are bytes here. Default: 16 MB. */
  readonly maxBytes?: number;
}): Recorder {
  const { inspection, clock, faults, relays, maxBytes = defaultMaxBytes } = options;
  const recording = createReadable<RecordingState | undefined>(undefined);
  let now: RecordingNow | undefined;
  let endRunning: ((why: RecordingEndReason) => void) | undefined;

  function begin(): { stop(): string } {
    if (endRunning) throw new Error('A recording is already running. Stop it first.');
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

    /** False if the line does not fit. */
    function add(line: RecordingLine): boolean {
      const text = JSON.stringify(line);
      if (bytes + text.length + 1 > maxBytes) return false;
      bytes += text.length + 1;
      lines.push(text);
      return true;
    }

    function addOtherContent(core: CoValueCore | undefined): boolean {
      const contents = core && !isLeftOut(core.verified?.header) ? covered.catchUp(core) : [];
      return contents.every((content) => add({ kind: 'had', content }));
    }

    for (const core of node.allCoValues()) {
      if (addOtherContent(core)) continue;
      throw new RangeError(
        `The content already in this node exceeds the maximum size of a recording (${maxBytes} bytes). Record in a smaller account, or open fewer CoValues.`,
      );
    }

    const stops = [
      listenToMessages(inspection, (direction, peerID, message, _bytes, atMs) => {
        if (direction !== 'received' || !endRunning) return;
        if (message.action === 'content' && isLeftOut(message.header ?? headerOf(node, message.id))) return;
        if (message.action === 'content' && !addOtherContent(findCoValue(node, message.id)))
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
      // Content from elsewhere is part of the final state, so add it even beyond the limit.
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

    /** Messages that cojson has not handled yet are not part of the final state. */
    function dropUnhandled(): void {
      for (const peerID of new Set(arrivedFrom.map((arrived) => arrived.peerID))) {
        const depth = readIncomingDepth(node, originalPeerID(node, peerID));
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

function headerOf(node: LocalNode, id: string) {
  return findCoValue(node, id)?.verified?.header;
}

function createCovered() {
  const countsByID = new Map<string, Map<string, number>>();

  function add(content: SyncMessage & { readonly action: 'content' }): void {
    const counts = countsByID.get(content.id) ?? new Map<string, number>();
    // cojson rejects content without a header, or with a gap.
    if (!countsByID.has(content.id) && !content.header) return;
    countsByID.set(content.id, counts);
    for (const [sessionID, { after, newTransactions }] of Object.entries(content.new)) {
      const have = counts.get(sessionID) ?? 0;
      if (after <= have) counts.set(sessionID, Math.max(have, after + newTransactions.length));
    }
  }

  return {
    add,
    /** Returns the node's content that is not covered yet. */
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
