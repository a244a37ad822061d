import { type PeerStatus, type SyncState } from '@MaiaOS/kernel';
import { refusalText } from './refusal-text.ts';
import { formatAgo, formatSpan } from './format-span.ts';

/** The connection to the relay, and what the user can do about it. */
export interface RelayText {
  readonly tone: 'calm' | 'stuck' | 'failed';
  readonly lines: readonly string[];
  readonly action: 'try-now' | 'resume' | 'reload' | undefined;
}

/** Undefined if there is nothing to add to the rungs. */
export function relayText(state: SyncState, nowMs: number): RelayText | undefined {
  const [peer] = state.peers;
  if (!peer) return undefined;
  const host = hostOf(peer.url);
  switch (peer.phase) {
    case 'offline':
      return calm(['This device is offline. Lists reconnects automatically.']);
    case 'paused':
      return { ...calm(['Sending is paused.']), action: 'resume' };
    case 'connecting':
      return calm([`Connecting to ${host}${peer.attempt > 1 ? `, attempt ${peer.attempt}` : ''}…`]);
    case 'waiting':
      return {
        tone: 'stuck',
        lines: [failureText(peer), formatNextTry(peer.retryAtMs - nowMs)],
        action: 'try-now',
      };
    case 'connected':
      return calm([`Connected to ${host} ${formatAgo(nowMs - peer.sinceMs)}.`]);
    case 'failed': {
      const isOutdated = peer.error.code === 'APP_OUTDATED';
      return {
        tone: 'failed',
        lines: [sentence(refusalText(peer.error))],
        action: isOutdated ? 'reload' : 'try-now',
      };
    }
    case 'closed':
      return undefined;
  }
}

function calm(lines: readonly string[]): RelayText {
  return { tone: 'calm', lines, action: undefined };
}

function failureText(peer: PeerStatus & { readonly phase: 'waiting' }): string {
  switch (peer.error.code) {
    case 'RELAY_UNREACHABLE':
      return 'The relay cannot be reached.';
    case 'RELAY_SILENT':
      return 'The relay is not responding.';
    default:
      return peer.error.message;
  }
}

function formatNextTry(inMs: number): string {
  return inMs > 0 ? `Next attempt in ${formatSpan(inMs + 999)}.` : 'Retrying now.';
}

export function sentence(words: string): string {
  const capital = words.charAt(0).toUpperCase() + words.slice(1);
  return capital.endsWith('.') ? capital : `${capital}.`;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
