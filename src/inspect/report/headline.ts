import { describeCause } from '../shared/describe-cause.ts';
import { describeClock, isFarOff } from '../shared/wrong-clock.ts';
import type { InspectorSnapshot } from '../snapshot/inspector-snapshot.ts';
import { isStorageRefused, type Overview } from '../snapshot/overview-facts.ts';
import type { Outage, Relay } from '../snapshot/relay-facts.ts';
import { describeOutage } from '../shared/describe-outage.ts';
import type { Tab, TabsNow } from '../snapshot/tab-facts.ts';
import { formatCount, formatDuration, formatNextAttempt } from '../shared/format.ts';

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

/** The parts of a snapshot that are read only while the panel is open. */
type Seen = Pick<InspectorSnapshot, 'tabs' | 'memory' | 'unsynced'>;

export function headlineOf(overview: Overview | undefined, nowMs: number, seen?: Seen): Headline {
  if (!overview) {
    return {
      sentence: 'Not signed in',
      facts: [{ words: 'waiting for a session to open', tone: 'plain' }],
    };
  }
  const waiting = waitingSentence(overview, seen?.tabs);
  const problems = problemsOf(overview);
  const problem = waiting === undefined ? problems[0] : undefined;
  const rest = isStorageRefused(overview)
    ? `everything else from this run is confirmed by ${hostsOf(overview)}`
    : `everything else is confirmed by ${hostsOf(overview)}`;
  return {
    sentence: waiting ?? problem?.sentence ?? calmSentence(overview),
    facts: [
      ...storageFacts(overview),
      ...relaysFacts(overview.relays, nowMs),
      ...completeRelaysFacts(overview, seen?.unsynced),
      ...problems.filter((other) => other !== problem).map(({ fact }) => fact),
      ...notFoundFacts(seen?.memory),
      ...(problem && overview.status === 'confirmed' ? [{ words: rest, tone: 'plain' } as const] : []),
      ...factsOf(overview, nowMs),
    ],
  };
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

/** Whether no device shows some edits. The rungs do not reveal that. */
export function hasLostEdits({ notMade, notCounted }: Overview): boolean {
  return notMade !== undefined || notCounted !== undefined;
}

/** How many CoValues wait, and for what. Undefined if none does. */
function waitingSentence({ rungs }: Overview, tabs: TabsNow | undefined): string | undefined {
  const elsewhere = countsInOtherTabs(tabs?.list ?? []);
  if (elsewhere.length > 0) return sentenceByTab(rungs.confirmed.pending, elsewhere, tabs?.list[0]);
  const count = (pending: number, what: string) =>
    `${rungs.confirmed.known ? '' : 'At least '}${formatCount(pending, 'CoValue')} ${what}`;
  if (rungs.confirmed.pending > 0) return count(rungs.confirmed.pending, 'not confirmed');
  if (rungs.sent.pending > 0) return count(rungs.sent.pending, 'not sent');
  if (rungs.durable && rungs.durable.pending > 0) return count(rungs.durable.pending, 'not durable yet');
  return rungs.saved.pending > 0 ? count(rungs.saved.pending, 'not saved on this device') : undefined;
}

/** Every tab counts what any tab saved, so this tab's share is the count that it reports to the others. */
function sentenceByTab(pending: number, counts: readonly number[], thisTab: Tab | undefined): string {
  const elsewhere = counts.reduce((sum, count) => sum + count, 0);
  const here = Math.max(thisTab?.unconfirmed?.coValues ?? 0, pending - elsewhere);
  const others = counts.length === 1 ? 'another tab' : 'other tabs';
  const verb = elsewhere === 1 ? 'is' : 'are';
  return here > 0
    ? `${formatCount(here, 'CoValue')} not confirmed in this tab; ${elsewhere.toLocaleString('en')} ${verb} waiting in ${others}`
    : `Nothing is waiting in this tab; ${formatCount(elsewhere, 'CoValue')} ${verb} waiting in ${others}`;
}

/** One count for each other open tab that reports unconfirmed CoValues. */
function countsInOtherTabs(list: readonly Tab[]): readonly number[] {
  return list
    .filter(({ state, endedAtMs }) => state !== 'this' && endedAtMs === undefined)
    .flatMap(({ unconfirmed }) => (unconfirmed?.coValues ? [unconfirmed.coValues] : []));
}

interface Problem {
  /** Used if nothing waits. */
  readonly sentence: string;
  readonly fact: Fact;
}

/** Problems that exist although nothing waits, worst first. */
function problemsOf({ notMade, notCounted, clockOffsetMs }: Overview): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (words: string, tone: Tone) =>
    problems.push({ sentence: words, fact: { words: words.replace(/^This/, 'this'), tone } });
  if (notMade) add(`${formatCount(notMade, 'edit')} refused on this device`, 'fail');
  if (notCounted) add(`${formatCount(notCounted, 'edit')} not counted`, 'fail');
  if (clockOffsetMs !== undefined)
    add(describeClock(clockOffsetMs), isFarOff(clockOffsetMs) ? 'fail' : 'warn');
  return problems;
}

function notFoundFacts(memory: Seen['memory'] | undefined): readonly Fact[] {
  const count = memory?.notFound.count ?? 0;
  return count === 0 ? [] : [{ words: `${count.toLocaleString('en')} requested, not found`, tone: 'warn' }];
}

function calmSentence(overview: Overview): string {
  const { status, rungs } = overview;
  if (status === 'confirmed') {
    return isStorageRefused(overview)
      ? `Everything from this run is confirmed by ${hostsOf(overview)}`
      : `Everything is confirmed by ${hostsOf(overview)}`;
  }
  if (status === 'off') return isClosed(overview) ? 'Sync has ended' : 'Sync is switched off';
  if (isStorageRefused(overview) && !rungs.confirmed.known) return 'Edits from earlier runs cannot be read';
  return rungs.confirmed.known && status !== 'syncing'
    ? 'Nothing to confirm'
    : 'Checking for edits from earlier runs';
}

/** A session without a relay is off; one that was closed had a relay. */
function isClosed({ relays }: Overview): boolean {
  return relays.some(({ phase }) => phase === 'closed');
}

function hostsOf({ relays }: Overview): string {
  return relays.map((relay) => relay.host).join(' and ');
}

function factsOf(overview: Overview, nowMs: number): readonly Fact[] {
  const { rungs, status } = overview;
  const facts: Fact[] = [];
  if (overview.error && overview.relays.length === 0)
    facts.push({ words: `no relay: ${describeCause(overview.error)}`, tone: 'fail' });
  if (overview.isStock && overview.relays.length === 0 && status !== 'off')
    facts.push({ words: 'no relay was ever added', tone: 'warn' });
  if (status === 'off' && rungs.confirmed.pending > 0 && !isClosed(overview))
    facts.push({ words: 'sync is switched off', tone: 'plain' });
  const isConnected =
    overview.relays.length > 0 && overview.relays.every((relay) => relay.phase === 'connected');
  const { oldestSinceMs, error } = rungs.confirmed;
  if (isConnected && error) facts.push({ words: describeCause(error), tone: 'fail' });
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
  if (isStorageRefused({ storage })) {
    return [
      { words: `nothing is saved on this device${why}`, tone: 'warn' },
      { words: 'edits from earlier runs, if any, cannot be read', tone: 'warn' },
    ];
  }
  if (storage.state === 'memory-only') return [{ words: 'nothing is saved on this device', tone: 'warn' }];
  const facts: Fact[] = [];
  if (storage.state === 'failing' || rungs.saved.error) {
    const count = rungs.saved.pending;
    const words =
      count > 0
        ? `${count.toLocaleString('en')} not saved on this device${why}`
        : error?.isReading
          ? 'reading from this device is failing'
          : `saving on this device is failing${why}`;
    facts.push({ words, tone: 'fail' });
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
  const cause = relay.error ? `: ${describeCause(relay.error)}` : '';
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
      return [{ words: `no more attempts to reach ${relay.host}${cause}`, tone: 'fail' }];
    case 'paused':
      return [{ words: `paused for ${without}`, tone: 'plain' }];
    case 'closed':
      return [{ words: `sync with ${relay.host} has ended`, tone: 'plain' }];
  }
}

/** While a relay is of no use: which of the others have everything that waits. */
function completeRelaysFacts(
  { relays, rungs }: Overview,
  unsynced: Seen['unsynced'] | undefined,
): readonly Fact[] {
  const usable = relays.filter(({ phase, outage }) => phase === 'connected' && !outage);
  if (usable.length === 0 || usable.length === relays.length || !rungs.confirmed.known) return [];
  const waiting = unsynced?.filter(({ steps }) => steps.confirmed !== 'reached') ?? [];
  const missing = new Set(waiting.flatMap(({ missingAt }) => missingAt));
  if (waiting.length === 0 || waiting.some(({ missingAt }) => missingAt.length === 0)) return [];
  const all = waiting.length === 1 ? 'it' : `all ${waiting.length.toLocaleString('en')}`;
  return usable
    .filter(({ host }) => !missing.has(host))
    .map(({ host }) => ({ words: `${host} has confirmed ${all}`, tone: 'plain' }));
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
