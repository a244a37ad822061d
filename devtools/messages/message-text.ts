import { stuckAfterMs, type RungState } from '../../src/inspect/unsynced/rung-states.ts';
import type { MessageFacts, MessageRow } from '../../src/inspect/snapshot/message-types.ts';
import { formatCount, formatDuration, shortID } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../../src/inspect/report/headline.ts';
import { formatTransport } from '../peers/peer-text.ts';

/** The name or ID of the CoValue that a message is about. */
export function subjectOf({ id, label, type }: MessageRow): string | undefined {
  if (id === undefined || type === 'reconcile' || type === 'reconcile-ack') return undefined;
  return label?.name ?? (label && label.kind !== 'unknown' ? label.kind : shortID(id));
}

/** A summary of the message's content. */
export function summaryOf(row: MessageRow): string {
  const { type, count = 0, priority, note } = row;
  switch (type) {
    case 'content': {
      const one = row.label?.kind === 'Binary' ? 'chunk' : 'edit';
      return `${count === 0 ? 'header only' : formatCount(count, one)}${priority ? `, ${priority}` : ''}`;
    }
    case 'known':
      return note ?? `has ${formatCount(count, 'edit')}`;
    case 'load':
      return count === 0
        ? 'asks for everything'
        : `asks for edits after the first ${count.toLocaleString('en')}`;
    case 'reconcile':
      return `compares ${formatCount(count, 'CoValue')}`;
    case 'reconcile-ack':
      return 'comparison finished';
    case 'done':
      return 'done';
    case 'ping':
      if (note === undefined) return 'keep-alive';
      return note === 'echo' ? 'measures the round trip' : 'answers an echo';
    case 'opened':
      return `over ${formatTransport(note ?? '')}`;
    case 'closed':
      return isClosedHere(row) ? 'by this device' : (note ?? '');
    case 'maia':
      return note ?? '';
    case 'other':
      return `${note ?? ''}, withheld`;
  }
}

/** Closed on purpose, for example because sync was paused or another connection is better; not a failure. */
export function isClosedHere({ type, note = '' }: MessageFacts): boolean {
  return type === 'closed' && note.startsWith('ABORTED:');
}

export interface ConfirmationText {
  readonly state: RungState;
  readonly words: string;
  readonly tone: Tone;
}

/** The confirmation of a sent `content` message; undefined for other messages. */
export function describeConfirmation(
  { confirmation, atMs }: MessageFacts,
  nowMs: number,
): ConfirmationText | undefined {
  switch (confirmation?.state) {
    case undefined:
      return undefined;
    case 'confirmed':
      return { state: 'reached', words: formatElapsed(confirmation.afterMs), tone: 'plain' };
    case 'unknown':
      return { state: 'unknown', words: 'not tracked', tone: 'plain' };
    case 'waiting': {
      const ageMs = nowMs - atMs;
      return ageMs > stuckAfterMs
        ? { state: 'stuck', words: `none for ${formatDuration(ageMs)}`, tone: 'warn' }
        : { state: 'waiting', words: `${formatElapsed(Math.max(0, ageMs))} so far`, tone: 'plain' };
    }
  }
}

/** "212 ms", "1.3 s", "16 s", "2 min". */
export function formatElapsed(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms);
}

/** Local time, for example "14:32:04.219". */
export function formatClockTime(atMs: number): string {
  const date = new Date(atMs);
  const two = (part: number) => String(part).padStart(2, '0');
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

/** `maia-messages-2026-11-21-14-32-04.har` */
export function messagesFileName(atMs: number, format: 'har' | 'ndjson'): string {
  const stamp = new Date(atMs).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
  return `maia-messages-${stamp}.${format}`;
}
