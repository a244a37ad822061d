import type { RecordingNow } from '../../src/inspect/faults/recorder.ts';
import type { ReplayResult } from '../../src/inspect/faults/replay.ts';
import { bytesWords, countWords, durationWords, shortID } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../headline.ts';

/** What a recording holds so far, or why it stopped by itself. */
export function describeRecording(recording: RecordingNow, nowMs: number): string {
  const { messages, bytes, maxBytes, sinceMs, endedAtMs, why } = recording;
  const holds = `${countWords(messages, 'message')}, ${bytesWords(bytes)} of ${bytesWords(maxBytes)}`;
  if (why === 'full') return `stopped by itself: it is full · ${holds}`;
  return `${holds} · ${durationWords((endedAtMs ?? nowMs) - sinceMs)}`;
}

/** How a replay ended, beside what was recorded. */
export function describeReplay({ difference, coValues, messages, faultSeeds, why }: ReplayResult): Fact {
  const seeds = faultSeeds.length > 0 ? `, with faults of seed ${faultSeeds.join(', ')}` : '';
  const cut = why === 'full' ? ' The recording was full by then.' : '';
  if (!difference) {
    const what = `${countWords(coValues, 'CoValue')} after ${countWords(messages, 'message')}${seeds}`;
    return { words: `Same final state: ${what}.${cut}`, tone: 'plain' };
  }
  const { id, sessionID, recorded, replayed } = difference;
  const where = shortID(id);
  if (sessionID === undefined) {
    return {
      words: `Another state: ${where} is missing. It was recorded, and did not come about.${cut}`,
      tone: 'fail',
    };
  }
  const [had, has] = [recorded?.[0] ?? 0, replayed?.[0] ?? 0];
  const differs =
    had === has
      ? `another signature over ${countWords(had, 'transaction')}`
      : `${countWords(had, 'transaction')} recorded, ${has} replayed`;
  return {
    words: `Another state, first in ${where}: ${differs}, session …${sessionID.slice(-5)}.${cut}`,
    tone: 'fail',
  };
}

/** "maia-recording-2026-11-21-0412.ndjson" */
export function recordingName(nowMs: number): string {
  const [day = '', time = ''] = new Date(nowMs).toISOString().split('T');
  return `maia-recording-${day}-${time.slice(0, 5).replace(':', '')}.ndjson`;
}
