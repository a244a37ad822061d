import { formatClockOf as at, formatDateAndClock } from '../shared/clock-time.ts';
import { describeClock } from '../shared/wrong-clock.ts';
import { describeOutage } from '../shared/describe-outage.ts';
import { describeRequest } from '../shared/describe-request.ts';
import { formatBytes, formatCount, formatDuration, formatNextAttempt } from '../shared/format.ts';
import type { InspectorSnapshot } from '../snapshot/inspector-snapshot.ts';
import type { Reading } from '../snapshot/measures.ts';
import { rungs } from '../snapshot/overview-facts.ts';
import type { PlainError } from '../snapshot/plain-error.ts';
import type { Peer } from '../snapshot/relay-facts.ts';
import type { Tab } from '../snapshot/tab-facts.ts';
import type { Reason, UnsyncedRow } from '../snapshot/unsynced-row.ts';
import { headlineOf } from './headline.ts';
import { code, fitting, list } from './markdown.ts';

/** Functions of the inspector. They receive the snapshot, or parts of it, without names. */
export interface ReportSources {
  explain(id: string, snapshot: InspectorSnapshot): Explained;
  causeOf(reason: Reason): string;
  story(row: UnsyncedRow, overview: InspectorSnapshot['overview']): Told;
}

interface Explained {
  readonly cause: string;
  readonly step: string;
  readonly verdict: string;
  readonly evidence: readonly string[];
  readonly next: string;
}

interface Told {
  readonly relays: readonly {
    readonly host: string;
    readonly events: readonly { readonly kind: string; readonly atMs: number; readonly refusal?: string }[];
  }[];
}

/** GitHub accepts 65,536 characters. */
const limits = {
  rows: { count: 20, characters: 25_000, more: 'CoValues' },
  relays: { count: 5, characters: 20_000, more: 'relays' },
  tabs: { count: 10, characters: 4_000, more: 'tabs' },
};
const maxFailures = 5;

export function writeBugReport(whole: InspectorSnapshot, { explain, causeOf, story }: ReportSources): string {
  const snapshot = withoutNames(whole);
  const { atMs, overview, unsynced, peers, tabs } = snapshot;
  const { sentence, facts } = headlineOf(overview, atMs, whole);
  const count = whole.unsynced.length;
  const row = (unsyncedRow: UnsyncedRow) =>
    describeRow(unsyncedRow, explain(unsyncedRow.id, snapshot), story(unsyncedRow, overview), atMs);
  return [
    '# Sync report',
    code([sentence, ...facts.map(({ words }) => words)].join(' · ')),
    list(`Created: ${code(formatWithZone(atMs))}`, ...describeVersions(snapshot)),
    `## Relays: ${peers.length}`,
    ...fitting(peers, (peer) => describePeer(peer, atMs), limits.relays),
    `## CoValues not synced: ${count.toLocaleString('en')}`,
    ...(count > limits.rows.count ? [list(...countCauses(whole.unsynced, causeOf))] : []),
    ...fitting(unsynced, row, limits.rows, count),
    '## This device',
    list(...describeDevice(snapshot)),
    `## Tabs: ${tabs.list.length}`,
    ...fitting(tabs.list, (tab) => list(describeTab(tab, atMs)), limits.tabs),
    'This report leaves out values, names, titles, whole IDs and anything that looks like a token. Read it before you share it: texts from a relay may contain more.\n',
  ].join('\n\n');
}

/** Limited to the rows that the report shows. Names of CoValues and titles of tabs are personal. */
function withoutNames(snapshot: InspectorSnapshot): InspectorSnapshot {
  return {
    ...snapshot,
    unsynced: snapshot.unsynced.slice(0, limits.rows.count).map(({ name: _, ...row }) => ({
      ...row,
      reason: withoutTitle(row.reason),
      ...(row.otherReason && { otherReason: withoutTitle(row.otherReason) }),
    })),
  };
}

function withoutTitle(reason: Reason): Reason {
  if (reason.kind !== 'other-tab') return reason;
  const { title: _, ...rest } = reason;
  return rest;
}

function describeVersions({ versions, overview, protocol }: InspectorSnapshot): readonly string[] {
  const { kernel, cojson, app, userAgent } = versions;
  return [
    `Kernel: ${code(kernel)}, cojson: ${code(cojson)}, inspector protocol: ${protocol}`,
    `App: ${code(app ?? 'version not reported')}${overview.isStock ? ', adds its peers itself' : ''}`,
    `Browser: ${code(userAgent ?? 'unknown')}`,
  ];
}

function describePeer(peer: Peer, nowMs: number): string {
  const { host, outage, phase, phaseSinceMs, retryAtMs, disconnectedSinceMs, lastRefusal, dropped } = peer;
  const failures = peer.changes.filter(({ error }) => error).slice(0, maxFailures);
  return [
    `### ${code(host)}`,
    list(
      `Address: ${code(peer.url)}${peer.urlSource === undefined ? '' : `, from ${code(peer.urlSource)}`}`,
      `Phase: ${code(phase)} since ${at(phaseSinceMs, nowMs)}${peer.attempt === undefined ? '' : `, attempt ${peer.attempt}`}${retryAtMs === undefined ? '' : `, ${formatNextAttempt(retryAtMs, nowMs)}`}`,
      outage &&
        `Cause: ${code(outage.kind)} ${code(describeOutage(outage, { host, sinceMs: disconnectedSinceMs ?? phaseSinceMs, nowMs }))}`,
      peer.error && `Error: ${error(peer.error)}`,
      `Relay: ${code(peer.software ? `${peer.software.name} ${peer.software.version}` : 'version not reported')}, transport: ${code(peer.transport ?? 'none yet')}, promises: ${code(peer.promises)}`,
      `Sent: ${peer.sent.messages} messages, ${formatBytes(peer.sent.bytes)}; received: ${peer.received.messages}, ${formatBytes(peer.received.bytes)}; not confirmed: ${peer.unacknowledgedMessages}; socket buffer: ${bytes(peer.bufferedBytes)}${peer.roundTripMs === undefined ? '' : `; round trip: ${Math.round(peer.roundTripMs)} ms`}`,
      ...peer.failedRequests.map((request) => code(describeRequest(request))),
      ...failures.map(
        (change) =>
          `${at(change.atMs, nowMs)}: ${change.from} → ${change.to}, ${change.error ? error(change.error) : ''}`,
      ),
      lastRefusal && `Last refusal: ${at(lastRefusal.atMs, nowMs)}, ${error(lastRefusal.error)}`,
      dropped.sessions > 0 &&
        `Left out: content of ${formatCount(dropped.sessions, 'session')}. ${code(dropped.latest[0]?.reason ?? '')}`,
    ),
  ].join('\n\n');
}

function describeRow(row: UnsyncedRow, explained: Explained, told: Told, nowMs: number): string {
  const { cause, step, verdict, evidence, next } = explained;
  return [
    `### ${code(row.id)} ${row.kind}`,
    list(
      `Verdict: ${code(cause)} ${code(verdict)}`,
      `Next: ${code(step)} ${code(next)}`,
      `Waiting since: ${at(row.sinceMs, nowMs)}${row.bytes === undefined ? '' : `, ${formatBytes(row.bytes)} in all`}`,
      ...evidence.map(code),
      ...told.relays
        .slice(0, limits.relays.count)
        .flatMap(({ host, events }) =>
          events.length > 0
            ? [`${code(host)}: ${events.slice(-maxFailures).map(describeEvent(nowMs)).join(', ')}`]
            : [],
        ),
    ),
  ].join('\n\n');
}

function describeEvent(nowMs: number) {
  return ({ kind, atMs, refusal }: Told['relays'][number]['events'][number]) =>
    `${kind}${refusal === undefined ? '' : ` ${code(refusal)}`} ${at(atMs, nowMs)}`;
}

/** Most frequent first. */
function countCauses(rows: readonly UnsyncedRow[], causeOf: ReportSources['causeOf']): readonly string[] {
  const counts = new Map<string, number>();
  for (const { reason } of rows) {
    const cause = causeOf(reason);
    counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([cause, count]) => `${code(cause)}: ${count.toLocaleString('en')}`);
}

function describeDevice({
  atMs,
  overview,
  storage,
  queues,
  lag,
  faults,
  memory,
}: InspectorSnapshot): readonly (string | false | undefined)[] {
  const { clockOffsetMs, error: failure } = overview;
  const { room, writes, takeover } = storage;
  const { lastFailure, failing } = writes;
  const window = lag.windows.at(-1);
  return [
    failure && `Error: ${error(failure)}`,
    clockOffsetMs !== undefined && code(describeClock(clockOffsetMs)),
    `Storage: ${code(storage.kind)}, ${code(storage.state)}, ${bytes(room.usedBytes)} of ${bytes(room.quotaBytes)} used, persisted: ${storage.persisted}`,
    storage.error && `Storage error: ${error(storage.error)}`,
    `Writes: ${writes.waiting} waiting, ${writes.committed} committed, ${writes.failed} failed`,
    lastFailure && `Last failed write: ${at(lastFailure.atMs, atMs)}, ${error(lastFailure)}`,
    failing &&
      `Failing since: ${at(failing.sinceMs, atMs)}, ${failing.count} in a row, ${formatNextAttempt(failing.retryAtMs, atMs)}`,
    takeover && `Migration from cojson’s database: ${takeover.done} of ${takeover.total}`,
    `Queues: ${queues.high.depth.now} high, ${queues.medium.depth.now} medium, ${queues.low.depth.now} low`,
    `Loaded CoValues: ${memory.loaded}, requested and not found: ${memory.notFound.count}`,
    ...rungs.flatMap((rung) => {
      const oldest = lag.oldest[rung];
      return oldest ? [`Oldest edit not ${rung}: ${formatDuration(atMs - oldest.sinceMs)}`] : [];
    }),
    ...(window
      ? rungs.flatMap((rung) => {
          const figures = window.all[rung].all;
          if (!figures) return [];
          const { count, p50Ms, p95Ms, worstMs } = figures;
          return [
            `Time until ${rung}, last ${formatDuration(window.windowMs)}: p50 ${Math.round(p50Ms)} ms, p95 ${Math.round(p95Ms)} ms, maximum ${Math.round(worstMs)} ms, ${formatCount(count, 'edit')}`,
          ];
        })
      : []),
    faults
      ? `Injected faults: since ${at(faults.sinceMs, atMs)}, until ${at(faults.endsAtMs, atMs)}, seed ${faults.seed}, plan ${code(JSON.stringify(faults.plan))}, done ${code(JSON.stringify(faults.done))}`
      : 'Injected faults: none',
  ];
}

function describeTab({ sessionIDs, state, isVisible, unconfirmed, relays = [] }: Tab, nowMs: number): string {
  const { coValues = 0, oldestSinceMs } = unconfirmed ?? {};
  return [
    `${state}: ${code(sessionIDs[0] ?? '')}`,
    ...(isVisible === undefined ? [] : [isVisible ? 'visible' : 'hidden']),
    `${formatCount(coValues, 'CoValue')} not confirmed${oldestSinceMs === undefined ? '' : ` for ${formatDuration(nowMs - oldestSinceMs)}`}`,
    ...relays.slice(0, limits.relays.count).map(({ host, phase }) => `${code(host)} ${code(phase)}`),
  ].join(', ');
}

function error({ code: name, message, cause }: PlainError & { readonly cause?: string }): string {
  return `${code(name)} ${code(message)}${cause === undefined ? '' : ` (${code(cause)})`}`;
}

function bytes(reading: Reading): string {
  return reading === 'unknown' ? reading : formatBytes(reading);
}

/** "12 Oct 2026, 14:32:04 GMT+02:00" */
function formatWithZone(atMs: number): string {
  const { value = '' } =
    new Intl.DateTimeFormat('en-GB', { timeZoneName: 'longOffset' })
      .formatToParts(atMs)
      .find(({ type }) => type === 'timeZoneName') ?? {};
  return `${formatDateAndClock(atMs)} ${value}`;
}
