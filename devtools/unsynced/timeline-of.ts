import type { RungState } from '../../src/inspect/unsynced/rung-states.ts';
import { stuckAfterMs } from '../../src/inspect/unsynced/rung-states.ts';
import type { RelayStory, Story, StoryEvent } from '../../src/inspect/unsynced/timeline.ts';
import { formatDuration } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../../src/inspect/report/headline.ts';
import { formatElapsed } from '../messages/message-text.ts';

/** The events at one relay since the edit, on a logarithmic axis. */
export interface Lane {
  readonly who: string;
  readonly marks: readonly LaneMark[];
  /** Where the line ends: at the last event, or at the present while the edit is pending. */
  readonly end: number;
  /** The pending part, from the last mark to the present; `stuck` if it takes too long. */
  readonly tail?: 'waiting' | 'stuck';
  /** The last event of each kind in order, then the waiting time so far. */
  readonly entries: readonly LaneEntry[];
  readonly tone: Tone;
}

export interface LaneEntry {
  readonly words: string;
  /** The number of the message that shows it. */
  readonly message?: number;
}

export interface LaneMark {
  readonly state: RungState;
  /** From 0 to 1. */
  readonly at: number;
  readonly words: string;
}

export interface Tick {
  readonly at: number;
  readonly words: string;
}

const ticksMs = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000];
const minMs = 10_000;
/** Room for two labels with a space between them. The first and last labels are aligned inwards. */
const minGapPx = 60;

export interface Timeline {
  readonly lanes: readonly Lane[];
  readonly ticks: readonly Tick[];
}

/** The axis is `widthPx` wide. */
export function timelineOf({ sinceMs, relays }: Story, nowMs: number, widthPx: number): Timeline {
  const elapsedMs = Math.max(0, nowMs - sinceMs);
  const endMs = ticksMs.find((ms) => ms >= Math.max(minMs, elapsedMs)) ?? elapsedMs;
  const place = (ms: number) => Math.log10(Math.max(1, ms)) / Math.log10(endMs);
  return {
    lanes: relays.map((relay) => laneOf(relay, sinceMs, elapsedMs, place)),
    ticks: ticksFor(endMs, place, minGapPx / widthPx),
  };
}

function laneOf(
  { host, isMissing, events }: RelayStory,
  sinceMs: number,
  elapsedMs: number,
  place: (ms: number) => number,
): Lane {
  const last = events.at(-1);
  const marks = events.map((event): LaneMark => {
    return { state: stateOf(event), at: place(event.atMs - sinceMs), words: wordsOf(event, sinceMs) };
  });
  const isOpen = isMissing && last?.kind !== 'refused';
  const tail = elapsedMs > stuckAfterMs ? 'stuck' : 'waiting';
  const entries = lastOfEachKind(events).map((event): LaneEntry => {
    return { words: wordsOf(event, sinceMs), message: event.message };
  });
  return {
    who: host,
    marks,
    end: place(isOpen || !last ? elapsedMs : last.atMs - sinceMs),
    ...(isOpen && { tail }),
    entries: [
      ...(last ? entries : [{ words: 'nothing sent yet' }]),
      ...(isOpen ? [{ words: `${formatDuration(elapsedMs)} so far` }] : []),
    ],
    tone: last?.kind === 'refused' ? 'fail' : isOpen && tail === 'stuck' ? 'warn' : 'plain',
  };
}

/** In chronological order. */
function lastOfEachKind(events: readonly StoryEvent[]): readonly StoryEvent[] {
  return events.filter(({ kind }, index) => !events.slice(index + 1).some((later) => later.kind === kind));
}

const statesByKind: Readonly<Record<StoryEvent['kind'], RungState>> = {
  'handed-over': 'waiting',
  sent: 'reached',
  lost: 'stuck',
  confirmed: 'reached',
  refused: 'failed',
};
const textByKind: Readonly<Record<StoryEvent['kind'], string>> = {
  'handed-over': 'handed to the socket',
  sent: 'sent',
  lost: 'sent before the connection ended',
  confirmed: 'confirmed',
  refused: 'refused',
};

function stateOf({ kind }: StoryEvent): RungState {
  return statesByKind[kind];
}

function wordsOf({ kind, refusal, atMs }: StoryEvent, sinceMs: number): string {
  const what = refusal === undefined ? textByKind[kind] : `${textByKind[kind]} (${refusal})`;
  return `${what} ${formatElapsed(atMs - sinceMs)}`;
}

function ticksFor(endMs: number, place: (ms: number) => number, minGap: number): readonly Tick[] {
  const ticks: Tick[] = [];
  // From the right, so that the end always has a label.
  for (const ms of ticksMs.filter((tickMs) => tickMs <= endMs).reverse()) {
    const at = place(ms);
    const before = ticks.at(-1);
    if (before === undefined || before.at - at >= minGap) ticks.push({ at, words: formatTick(ms) });
  }
  return ticks.reverse();
}

function formatTick(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : formatDuration(ms);
}
