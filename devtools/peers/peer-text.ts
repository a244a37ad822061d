import { describeUrlSource, stepOnOutage } from '../../src/inspect/unsynced/outage-advice.ts';
import type { DroppedContent, Peer, PhaseChange } from '../../src/inspect/snapshot/relay-facts.ts';
import type { Reading } from '../../src/inspect/snapshot/measures.ts';
import { describeOutage } from '../../src/inspect/shared/describe-outage.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNextAttempt,
} from '../../src/inspect/shared/format.ts';
import type { Tone } from '../../src/inspect/report/headline.ts';

interface PeerFact {
  readonly label: string;
  readonly words: string;
  readonly tone: Tone;
  readonly code?: string;
}

const promises: Readonly<Record<Peer['promises'], string>> = {
  'power-loss': 'survives power loss',
  'process-crash': 'survives a crash of the relay',
  none: 'none: it keeps data in memory',
  unknown: 'not reported',
};

export function factsOf(peer: Peer, nowMs: number): readonly PeerFact[] {
  const plain = (label: string, words: string): PeerFact => ({ label, words, tone: 'plain' });
  return [
    plain('Attempt', formatAttempt(peer)),
    plain('Next attempt', nextTry(peer, nowMs)),
    lastFailure(peer, nowMs),
    ...(peer.urlSource === undefined ? [] : [plain('Address from', describeUrlSource(peer.urlSource))]),
    plain('Promises', promises[peer.promises]),
    plain('Relay', peer.software ? `${peer.software.name} ${peer.software.version}` : 'not reported'),
    ...quotaOf(peer),
    plain('Transport', peer.transport === undefined ? 'none yet' : formatTransport(peer.transport)),
    plain('Socket buffer', formatKnown(peer.bufferedBytes, formatBytes)),
    plain(
      'Not confirmed',
      formatKnown(peer.unacknowledgedMessages, (count) => formatCount(count, 'message')),
    ),
  ];
}

/** Nothing if the relay limits nothing. */
function quotaOf({ quota }: Peer): readonly PeerFact[] {
  if (!quota) return [];
  const { bytes, usedBytes, coValues, usedCoValues } = quota;
  const parts = [
    ...(bytes === undefined ? [] : [`${formatBytes(usedBytes)} of ${formatBytes(bytes)}`]),
    ...(coValues === undefined
      ? []
      : [`${usedCoValues.toLocaleString('en')} of ${formatCount(coValues, 'CoValue')}`]),
  ];
  const isUsedUp = usedBytes >= (bytes ?? Infinity) || usedCoValues >= (coValues ?? Infinity);
  return [
    { label: 'Quota', words: `${parts.join(', ')} at the last sign-in`, tone: isUsedUp ? 'warn' : 'plain' },
  ];
}

export interface PeerProblem {
  readonly cause: string;
  readonly next: string;
}

/** Why the relay cannot be used now, and what to do. Both end with a full stop. */
export function problemOf(peer: Peer, nowMs: number): PeerProblem | undefined {
  const { host, outage, urlSource, disconnectedSinceMs: sinceMs = peer.phaseSinceMs } = peer;
  if (!outage) return undefined;
  return {
    cause: `${describeOutage(outage, { host, sinceMs, nowMs })}.`,
    next: stepOnOutage(outage, host, urlSource).advice,
  };
}

/** What the relay has proved against itself, and what to do. Both end with a full stop. */
export function describeContradiction({ host, contradiction }: Peer): PeerProblem | undefined {
  if (contradiction === undefined) return undefined;
  const what =
    contradiction === 'rollback'
      ? 'its storage went back to an earlier state'
      : 'it shows devices of this account different states of its storage';
  return {
    cause: `The signatures of ${host} prove that ${what}.`,
    next: 'Open the app once on each device, so that it sends what the relay lacks. Give the proof, sync.current.peers[].contradiction, to the relay’s operator.',
  };
}

function formatKnown(reading: Reading, words: (known: number) => string): string {
  return reading === 'unknown' ? 'unknown' : words(reading);
}

function nextTry(peer: Peer, nowMs: number): string {
  switch (peer.phase) {
    case 'connected':
      return 'none needed';
    case 'connecting':
      return 'now';
    case 'waiting':
      return peer.retryAtMs === undefined
        ? 'automatic'
        : formatNextAttempt(peer.retryAtMs, nowMs).replace('next attempt ', '');
    case 'offline':
      return 'when the network is back';
    case 'paused':
      return 'when resumed';
    case 'failed':
      return 'only on request';
    case 'closed':
      return 'none: sync has ended';
  }
}

const transports: Readonly<Record<string, string>> = { websocket: 'WebSocket', http: 'HTTP' };

export function formatTransport(name: string): string {
  return transports[name] ?? name;
}

function formatAttempt({ attempt, phase }: Peer): string {
  if (attempt !== undefined) return String(attempt);
  return phase === 'connected' ? 'succeeded' : 'none';
}

/** The latest of: a connection that failed, a refusal, and why the relay is in its phase. */
function lastFailure({ changes, lastRefusal, error, phaseSinceMs }: Peer, nowMs: number): PeerFact {
  const label = 'Last failure';
  const failures = [
    ...changes.slice(0, 1 + changes.findIndex((change) => change.error)),
    lastRefusal,
    { atMs: phaseSinceMs, error },
  ].flatMap((failure) => (failure?.error ? [{ atMs: failure.atMs, code: failure.error.code }] : []));
  const [last] = failures.sort((a, b) => b.atMs - a.atMs);
  if (!last) return { label, words: 'none seen', tone: 'plain' };
  return { label, words: `${formatDuration(nowMs - last.atMs)} ago`, tone: 'warn', code: last.code };
}

export function describePhaseChange({ from, to, error }: PhaseChange): string {
  return `${from} → ${to}${error ? `: ${error.message}` : ''}`;
}

export function describeDropped({ sessions }: DroppedContent): string {
  return `Left out: content of ${formatCount(sessions, 'session')} that is not authentic or not allowed. Your own edits are not affected.`;
}
