import { stuckAfterMs, type RungState } from '../../src/inspect/unsynced/rung-states.ts';
import type { MessageFacts, MessageRow } from '../../src/inspect/snapshot/message-types.ts';
import { countWords, durationWords, shortID } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../headline.ts';
import { transportWords } from '../peers/peer-text.ts';

/** What a message is about. */
export function subjectOf({ id, label, type }: MessageRow): string | undefined {
  if (id === undefined || type === 'reconcile' || type === 'reconcile-ack') return undefined;
  return label?.name ?? (label && label.kind !== 'unknown' ? label.kind : shortID(id));
}

/** What it says of it. */
export function sayingOf(row: MessageRow): string {
  const { type, count = 0, priority, note } = row;
  switch (type) {
    case 'content': {
      const one = row.label?.kind === 'Binary' ? 'chunk' : 'edit';
      return `${count === 0 ? 'header only' : countWords(count, one)}${priority ? `, ${priority}` : ''}`;
    }
    case 'known':
      return note ?? `has ${countWords(count, 'edit')}`;
    case 'load':
      return count === 0 ? 'asks for all of it' : `asks for what follows ${countWords(count, 'edit')}`;
    case 'reconcile':
      return `compares ${countWords(count, 'CoValue')}`;
    case 'reconcile-ack':
      return 'has compared';
    case 'done':
      return 'done';
    case 'ping':
      return 'keep-alive';
    case 'opened':
      return `over ${transportWords(note ?? '')}`;
    case 'maia':
    case 'closed':
      return note ?? '';
    case 'other':
      return `${note ?? ''}, withheld`;
  }
}

export interface ConfirmationWords {
  readonly state: RungState;
  readonly words: string;
  readonly tone: Tone;
}

/** Of a `content` that was sent. */
export function confirmationWords(
  { confirmation, atMs }: MessageFacts,
  nowMs: number,
): ConfirmationWords | undefined {
  switch (confirmation?.state) {
    case undefined:
      return undefined;
    case 'confirmed':
      return { state: 'reached', words: elapsedWords(confirmation.afterMs), tone: 'plain' };
    case 'unknown':
      return { state: 'unknown', words: 'not followed', tone: 'plain' };
    case 'waiting': {
      const ageMs = nowMs - atMs;
      return ageMs > stuckAfterMs
        ? { state: 'stuck', words: `${durationWords(ageMs)}, none`, tone: 'warn' }
        : { state: 'waiting', words: `${elapsedWords(Math.max(0, ageMs))} so far`, tone: 'plain' };
    }
  }
}

/** "212 ms", "1.3 s", "16 s", "2 min". */
export function elapsedWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : durationWords(ms);
}

/** Of the day, as the person's clock has it: "14:32:04.219". */
export function timeWords(atMs: number): string {
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
