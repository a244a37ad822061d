import { describeCause, formatNextAttempt } from '../src/inspect/unsynced/describe-reason.ts';
import type { Overview } from '../src/inspect/snapshot/overview-facts.ts';
import type { Outage, Relay } from '../src/inspect/snapshot/relay-facts.ts';
import { describeOutage } from '../src/inspect/shared/describe-outage.ts';
import { formatCount, formatDuration } from '../src/inspect/shared/format.ts';

export type Tone = 'plain' | 'warn' | 'fail';
export interface Fact {
  readonly words: string;
  readonly tone: Tone;
}
/** The main count as a sentence, and the facts, worst first. */
export interface Headline {
  readonly sentence: string;
  readonly facts: readonly Fact[];
}

const promises = {
  'power-loss': 'confirmed data survives power loss',
  'process-crash': 'confirmed data survives a crash of the relay',
  none: 'the relay keeps data in memory only',
  unknown: 'the relay does not promise durability',
} as const;

export function headlineOf(overview: Overview | undefined, nowMs: number): Headline {
  if (!overview) {
    return {
      sentence: 'Not signed in',
      facts: [{ words: 'waiting for a session to open', tone: 'plain' }],
    };
  }
  return { sentence: sentenceOf(overview), facts: factsOf(overview, nowMs) };
}

/** The count on the corner button: the most CoValues waiting for any one rung. */
export function pendingCount({ rungs }: Overview): number {
  return Math.max(
    rungs.saved.pending,
    rungs.sent.pending,
    rungs.confirmed.pending,
    rungs.durable?.pending ?? 0,
  );
}

function sentenceOf({ status, rungs, relays }: Overview): string {
  const { known } = rungs.confirmed;
  const count = (pending: number, what: string) =>
    `${known ? '' : 'At least '}${formatCount(pending, 'CoValue')} ${what}`;
  if (rungs.confirmed.pending > 0) return count(rungs.confirmed.pending, 'not confirmed');
  if (rungs.sent.pending > 0) return count(rungs.sent.pending, 'not sent');
  if (rungs.durable && rungs.durable.pending > 0) return count(rungs.durable.pending, 'not durable yet');
  if (rungs.saved.pending > 0) return count(rungs.saved.pending, 'not saved on this device');
  if (status === 'confirmed')
    return `Everything is confirmed by ${relays.map((relay) => relay.host).join(' and ')}`;
  if (status === 'off') return 'Sync is switched off';
  return known && status !== 'syncing' ? 'Nothing to confirm' : 'Checking for edits from earlier runs';
}

function factsOf(overview: Overview, nowMs: number): readonly Fact[] {
  const { rungs, status } = overview;
  const facts: Fact[] = [...storageFacts(overview), ...relaysFacts(overview.relays, nowMs)];
  if (overview.notCounted)
    facts.push({ words: `${formatCount(overview.notCounted, 'edit')} not counted`, tone: 'fail' });
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
    facts.push({ words: `oldest for ${formatDuration(nowMs - oldestSinceMs)}`, tone: 'plain' });
  }
  if (isConnected) facts.push({ words: promises[overview.durability], tone: 'plain' });
  return facts;
}

function storageFacts({ rungs, storage }: Overview): readonly Fact[] {
  const { takeover } = storage;
  const error = storage.error ?? rungs.saved.error;
  const why = error ? `: ${describeCause(error)}` : '';
  if (storage.state === 'memory-only')
    return [{ words: `nothing is saved on this device${why}`, tone: 'warn' }];
  const facts: Fact[] = [];
  if (storage.state === 'failing' || rungs.saved.error) {
    const count = rungs.saved.pending;
    const what =
      count > 0
        ? `${count.toLocaleString('en')} not saved on this device`
        : 'saving on this device is failing';
    facts.push({ words: `${what}${why}`, tone: 'fail' });
  }
  if (takeover) {
    const done = `${takeover.done.toLocaleString('en')} of ${formatCount(takeover.total, 'CoValue')}`;
    const isInterrupted = storage.state === 'ok' && error;
    facts.push({
      words: `${done} migrated from cojson’s database${isInterrupted ? `, interrupted${why}` : ''}`,
      tone: isInterrupted ? 'warn' : 'plain',
    });
  }
  return facts;
}

function relaysFacts(relays: readonly Relay[], nowMs: number): readonly Fact[] {
  return relays.flatMap((relay) => relayFacts(relay, relays.length > 1, nowMs));
}

function relayFacts(relay: Relay, isOneOfSeveral: boolean, nowMs: number): readonly Fact[] {
  if (relay.outage && relay.phase !== 'failed') return outageFacts(relay, relay.outage, nowMs);
  const without = formatDuration(nowMs - (relay.disconnectedSinceMs ?? relay.phaseSinceMs));
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
            : `not connected for ${without}`,
          tone: 'warn',
        },
        ...(relay.retryAtMs === undefined
          ? []
          : [{ words: formatNextAttempt(relay.retryAtMs, nowMs), tone: 'plain' } as const]),
      ];
    case 'failed':
      return [{ words: `no more attempts to reach ${relay.host}`, tone: 'fail' }];
    case 'paused':
      return [{ words: `paused for ${without}`, tone: 'plain' }];
    case 'closed':
      return [{ words: `sync with ${relay.host} has ended`, tone: 'plain' }];
  }
}

function outageFacts(relay: Relay, outage: Outage, nowMs: number): readonly Fact[] {
  const { host, retryAtMs, disconnectedSinceMs: sinceMs = relay.phaseSinceMs } = relay;
  const cause = describeOutage(outage, { host, sinceMs, nowMs });
  return [
    { words: cause.charAt(0).toLowerCase() + cause.slice(1), tone: 'warn' },
    ...(retryAtMs === undefined
      ? []
      : [{ words: formatNextAttempt(retryAtMs, nowMs), tone: 'plain' } as const]),
  ];
}
