import type { RecordingNow, ReplayResult } from '../../src/inspect/snapshot/recording-facts.ts';
import { formatBytes, formatCount, formatDuration, shortID } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

/** A recording's content so far, or why it stopped automatically. */
export function describeRecording(recording: RecordingNow, nowMs: number): string {
  const { messages, bytes, maxBytes, sinceMs, endedAtMs, why } = recording;
  const holds = `${formatCount(messages, 'message')}, ${formatBytes(bytes)} of ${formatBytes(maxBytes)}`;
  if (why === 'full') return `stopped automatically: it is full · ${holds}`;
  return `${holds} · ${formatDuration((endedAtMs ?? nowMs) - sinceMs)}`;
}

/** A replay's result, compared with the recording. */
export function describeReplay({ difference, coValues, messages, faultSeeds, why }: ReplayResult): Fact {
  const seeds = faultSeeds.length > 0 ? `, with fault seed ${faultSeeds.join(', ')}` : '';
  const cut = why === 'full' ? ' The recording stopped early because it was full.' : '';
  if (!difference) {
    const what = `${formatCount(coValues, 'CoValue')} after ${formatCount(messages, 'message')}${seeds}`;
    return { words: `Same final state: ${what}.${cut}`, tone: 'plain' };
  }
  const { id, sessionID, recorded, replayed } = difference;
  const where = shortID(id);
  if (sessionID === undefined) {
    return {
      words: `Different final state: ${where} was recorded but is missing after the replay.${cut}`,
      tone: 'fail',
    };
  }
  const [had, has] = [recorded?.[0] ?? 0, replayed?.[0] ?? 0];
  const differs =
    had === has
      ? `different signature over ${formatCount(had, 'transaction')}`
      : `${formatCount(had, 'transaction')} recorded, ${has} replayed`;
  return {
    words: `Different final state, first in ${where}: ${differs}, session …${sessionID.slice(-5)}.${cut}`,
    tone: 'fail',
  };
}

/** "maia-recording-2026-11-21-0412.ndjson" */
export function recordingName(nowMs: number): string {
  const [day = '', time = ''] = new Date(nowMs).toISOString().split('T');
  return `maia-recording-${day}-${time.slice(0, 5).replace(':', '')}.ndjson`;
}
