import { type PeerStatus, type SyncState } from '@MaiaOS/kernel';
import { refusalWords } from './refusal-words.ts';
import { agoWords, spanWords } from './format-span.ts';

/** How it stands with the relay, and what the person can do about it. */
export interface RelayWords {
  readonly tone: 'calm' | 'stuck' | 'failed';
  readonly lines: readonly string[];
  readonly action: 'try-now' | 'resume' | 'reload' | undefined;
}

/** Undefined where there is nothing to say beyond the rungs. */
export function relayWords(state: SyncState, nowMs: number): RelayWords | undefined {
  const [peer] = state.peers;
  if (!peer) return undefined;
  const host = hostOf(peer.url);
  switch (peer.phase) {
    case 'offline':
      return calm(['This device is offline. It goes on by itself when there is a network.']);
    case 'paused':
      return { ...calm(['Sending is paused.']), action: 'resume' };
    case 'connecting':
      return calm([`Connecting to ${host}${peer.attempt > 1 ? `, attempt ${peer.attempt}` : ''}…`]);
    case 'waiting':
      return {
        tone: 'stuck',
        lines: [failureWords(peer), nextTryWords(peer.retryAtMs - nowMs)],
        action: 'try-now',
      };
    case 'connected':
      return calm([`Connected to ${host}, ${agoWords(nowMs - peer.sinceMs)}.`]);
    case 'failed': {
      const isOutdated = peer.error.code === 'APP_OUTDATED';
      return {
        tone: 'failed',
        lines: [sentence(refusalWords(peer.error))],
        action: isOutdated ? 'reload' : 'try-now',
      };
    }
    case 'closed':
      return undefined;
  }
}

function calm(lines: readonly string[]): RelayWords {
  return { tone: 'calm', lines, action: undefined };
}

function failureWords(peer: PeerStatus & { readonly phase: 'waiting' }): string {
  switch (peer.error.code) {
    case 'RELAY_UNREACHABLE':
      return 'The relay cannot be reached.';
    case 'RELAY_SILENT':
      return 'The relay does not answer.';
    default:
      return peer.error.message;
  }
}

function nextTryWords(inMs: number): string {
  return inMs > 0 ? `Next try in ${spanWords(inMs + 999)}.` : 'Trying again now.';
}

function sentence(words: string): string {
  const capital = words.charAt(0).toUpperCase() + words.slice(1);
  return capital.endsWith('.') ? capital : `${capital}.`;
}

/** A relay is called by its host in sentences; its address is as the kernel dials it, so it always parses. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
