import { nextAttempt } from '../../src/inspect/unsynced/describe-reason.ts';
import type { Peer, PhaseChange, Reading } from '../../src/inspect/snapshot.ts';
import { bytesWords, countWords, durationWords } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../headline.ts';

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
  unknown: 'not said',
};

export function factsOf(peer: Peer, nowMs: number): readonly PeerFact[] {
  const plain = (label: string, words: string): PeerFact => ({ label, words, tone: 'plain' });
  return [
    plain('Attempt', peer.attempt === undefined ? 'none' : String(peer.attempt)),
    plain('Next try', nextTry(peer, nowMs)),
    lastFailure(peer, nowMs),
    plain('Promises', promises[peer.promises]),
    plain('Relay', peer.software ? `${peer.software.name} ${peer.software.version}` : 'not said'),
    plain('Transport', peer.transport === undefined ? 'none yet' : transportWords(peer.transport)),
    plain('In the socket', knownWords(peer.bufferedBytes, bytesWords)),
    plain(
      'Not confirmed',
      knownWords(peer.unacknowledgedMessages, (count) => countWords(count, 'message')),
    ),
  ];
}

function knownWords(reading: Reading, words: (known: number) => string): string {
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
        ? 'by itself'
        : nextAttempt(peer.retryAtMs, nowMs).replace('next attempt ', '');
    case 'offline':
      return 'when the network is back';
    case 'paused':
      return 'when resumed';
    case 'failed':
      return 'not by itself';
    case 'closed':
      return 'none: sync has ended';
  }
}

const transports: Readonly<Record<string, string>> = { websocket: 'WebSocket', http: 'HTTP' };

export function transportWords(name: string): string {
  return transports[name] ?? name;
}

function lastFailure({ changes }: Peer, nowMs: number): PeerFact {
  const label = 'Last failure';
  const change = changes.find((own) => own.error);
  if (!change?.error) return { label, words: 'none seen', tone: 'plain' };
  const words = `${durationWords(nowMs - change.atMs)} ago`;
  return { label, words, tone: 'warn', code: change.error.code };
}

export function changeWords({ from, to, error }: PhaseChange): string {
  return `${from} → ${to}${error ? `: ${error.message}` : ''}`;
}
