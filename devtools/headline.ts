import { describeCause, nextAttempt } from '../src/inspect/unsynced/describe-reason.ts';
import type { Overview, Relay } from '../src/inspect/snapshot.ts';
import { countWords, durationWords } from '../src/inspect/shared/format.ts';

export type Tone = 'plain' | 'warn' | 'fail';
export interface Fact {
  readonly words: string;
  readonly tone: Tone;
}
/** First the count, then the worst fact, then the time. */
export interface Headline {
  readonly sentence: string;
  readonly facts: readonly Fact[];
}

const promises = {
  'power-loss': 'what it has survives power loss',
  'process-crash': 'what it has survives a crash of the relay',
  none: 'the relay keeps it in memory only',
  unknown: 'the relay promises no durability',
} as const;

export function headlineOf(overview: Overview | undefined, nowMs: number): Headline {
  if (!overview) {
    return {
      sentence: 'Nobody is signed in',
      facts: [{ words: 'this fills when a session opens', tone: 'plain' }],
    };
  }
  return { sentence: sentenceOf(overview), facts: factsOf(overview, nowMs) };
}

/** The largest number of CoValues that wait for one and the same rung: what the button counts. */
export function pendingCount({ rungs }: Overview): number {
  return Math.max(
    rungs.saved.pending,
    rungs.sent.pending,
    rungs.confirmed.pending,
    rungs.durable?.pending ?? 0,
  );
}

function sentenceOf({ status, rungs, relays }: Overview): string {
  const count = (pending: number, what: string) => `${countWords(pending, 'CoValue')} ${what}`;
  if (rungs.confirmed.pending > 0) return count(rungs.confirmed.pending, 'not confirmed');
  if (rungs.sent.pending > 0) return count(rungs.sent.pending, 'not sent');
  if (rungs.durable && rungs.durable.pending > 0) return count(rungs.durable.pending, 'not durable yet');
  if (rungs.saved.pending > 0) return count(rungs.saved.pending, 'not saved on this device');
  if (status === 'confirmed')
    return `Everything is confirmed by ${relays.map((relay) => relay.host).join(' and ')}`;
  if (status === 'off') return 'Sync is switched off';
  return status === 'syncing' ? 'Looking for edits of an earlier run' : 'Nothing waits to be confirmed';
}

function factsOf(overview: Overview, nowMs: number): readonly Fact[] {
  const { rungs, status } = overview;
  const facts: Fact[] = [...storageFacts(overview), ...relaysFacts(overview.relays, nowMs)];
  if (overview.error && overview.relays.length === 0)
    facts.push({ words: `no relay: ${describeCause(overview.error)}`, tone: 'fail' });
  if (overview.isStock && overview.relays.length === 0 && status !== 'off')
    facts.push({ words: 'no relay was ever added', tone: 'warn' });
  if (status === 'off' && rungs.confirmed.pending > 0)
    facts.push({ words: 'sync is switched off', tone: 'plain' });
  const isConnected =
    overview.relays.length > 0 && overview.relays.every((relay) => relay.phase === 'connected');
  const { oldestSinceMs } = rungs.confirmed;
  if (isConnected && oldestSinceMs !== undefined) {
    facts.push({ words: `the oldest for ${durationWords(nowMs - oldestSinceMs)}`, tone: 'plain' });
  }
  if (isConnected) facts.push({ words: promises[overview.durability], tone: 'plain' });
  return facts;
}

function storageFacts({ rungs, storage }: Overview): readonly Fact[] {
  const { takeover } = storage;
  const error = storage.error ?? rungs.saved.error;
  const why = error ? `: ${describeCause(error)}` : '';
  if (storage.state === 'memory-only')
    return [{ words: `nothing is kept on this device${why}`, tone: 'warn' }];
  const facts: Fact[] = [];
  if (storage.state === 'failing' || rungs.saved.error) {
    const count = rungs.saved.pending;
    const what =
      count > 0 ? `${count.toLocaleString('en')} not saved on this device` : 'saving on this device fails';
    facts.push({ words: `${what}${why}`, tone: 'fail' });
  }
  if (takeover) {
    const done = `${takeover.done.toLocaleString('en')} of ${countWords(takeover.total, 'CoValue')}`;
    const isInterrupted = storage.state === 'ok' && error;
    facts.push({
      words: `${done} taken over from cojson’s database${isInterrupted ? `, interrupted${why}` : ''}`,
      tone: isInterrupted ? 'warn' : 'plain',
    });
  }
  return facts;
}

function relaysFacts(relays: readonly Relay[], nowMs: number): readonly Fact[] {
  return relays.flatMap((relay) => relayFacts(relay, relays.length > 1, nowMs));
}

function relayFacts(relay: Relay, isOneOfSeveral: boolean, nowMs: number): readonly Fact[] {
  const without = durationWords(nowMs - (relay.disconnectedSinceMs ?? relay.phaseSinceMs));
  switch (relay.phase) {
    case 'connected':
      return [];
    case 'connecting':
      return [{ words: `connecting to ${relay.host}`, tone: 'plain' }];
    case 'offline':
      return [{ words: `offline for ${without}`, tone: 'warn' }];
    case 'waiting':
      return [
        {
          words: isOneOfSeveral
            ? `${relay.host} not connected for ${without}`
            : `no connection for ${without}`,
          tone: 'warn',
        },
        ...(relay.retryAtMs === undefined
          ? []
          : [{ words: nextAttempt(relay.retryAtMs, nowMs), tone: 'plain' } as const]),
      ];
    case 'failed':
      return [{ words: `${relay.host} is not tried again`, tone: 'fail' }];
    case 'paused':
      return [{ words: `paused for ${without}`, tone: 'plain' }];
    case 'closed':
      return [{ words: `sync with ${relay.host} has ended`, tone: 'plain' }];
  }
}
