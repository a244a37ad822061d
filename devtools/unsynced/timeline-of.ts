import type { RungState } from '../../src/inspect/unsynced/rung-states.ts';
import { stuckAfterMs } from '../../src/inspect/unsynced/rung-states.ts';
import type { RelayStory, Story, StoryEvent } from '../../src/inspect/unsynced/timeline.ts';
import { durationWords } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../headline.ts';
import { elapsedWords } from '../messages/message-text.ts';

/** One place: what happened there since the edit, along a logarithmic axis. */
export interface Lane {
  readonly who: string;
  readonly marks: readonly LaneMark[];
  /** Where the line ends: at what came last, or at now while something is still to come. */
  readonly end: number;
  /** From the last mark to now, where that is still to come; shown broken where it takes too long. */
  readonly tail?: 'waiting' | 'stuck';
  /** The last of each kind, in the order in which they happened, and how long what is to come has taken. */
  readonly says: readonly Saying[];
  readonly tone: Tone;
}

export interface Saying {
  readonly words: string;
  /** The number of the message that says so. */
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
const leastMs = 10_000;
const leastBetween = 0.15;

export interface TimeLine {
  readonly lanes: readonly Lane[];
  readonly ticks: readonly Tick[];
}

export function timeLineOf({ sinceMs, relays }: Story, nowMs: number): TimeLine {
  const elapsedMs = Math.max(0, nowMs - sinceMs);
  const endMs = ticksMs.find((ms) => ms >= Math.max(leastMs, elapsedMs)) ?? elapsedMs;
  const place = (ms: number) => Math.log10(Math.max(1, ms)) / Math.log10(endMs);
  return {
    lanes: relays.map((relay) => laneOf(relay, sinceMs, elapsedMs, place)),
    ticks: ticksFor(endMs, place),
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
  const said = lastOfEachKind(events).map((event): Saying => {
    return { words: wordsOf(event, sinceMs), message: event.message };
  });
  return {
    who: host,
    marks,
    end: place(isOpen || !last ? elapsedMs : last.atMs - sinceMs),
    ...(isOpen && { tail }),
    says: [
      ...(last ? said : [{ words: 'nothing sent yet' }]),
      ...(isOpen ? [{ words: `${durationWords(elapsedMs)} so far` }] : []),
    ],
    tone: last?.kind === 'refused' ? 'fail' : isOpen && tail === 'stuck' ? 'warn' : 'plain',
  };
}

/** In the order in which they happened. */
function lastOfEachKind(events: readonly StoryEvent[]): readonly StoryEvent[] {
  return events.filter(({ kind }, index) => !events.slice(index + 1).some((later) => later.kind === kind));
}

function stateOf({ kind }: StoryEvent): RungState {
  return kind === 'refused' ? 'failed' : 'reached';
}

function wordsOf({ kind, refusal, atMs }: StoryEvent, sinceMs: number): string {
  const what = refusal === undefined ? kind : `${kind} (${refusal})`;
  return `${what} ${elapsedWords(atMs - sinceMs)}`;
}

function ticksFor(endMs: number, place: (ms: number) => number): readonly Tick[] {
  const ticks: Tick[] = [];
  // From the right, so that the end always has its words.
  for (const ms of ticksMs.filter((own) => own <= endMs).reverse()) {
    const at = place(ms);
    const before = ticks.at(-1);
    if (before === undefined || before.at - at >= leastBetween) ticks.push({ at, words: tickWords(ms) });
  }
  return ticks.reverse();
}

function tickWords(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : durationWords(ms);
}
