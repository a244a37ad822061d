import type { RungState } from '../../src/inspect/unsynced/rung-states.ts';
import type { Peer } from '../../src/inspect/snapshot/relay-facts.ts';
import { formatDuration, formatNextAttempt } from '../../src/inspect/shared/format.ts';

export interface PhaseBox {
  readonly phase: Peer['phase'];
  readonly standing: 'now' | 'been' | 'never';
  readonly words: string;
  /** Uses the glyph's shapes: solid for connected, hollow for connecting, broken for waiting, base line for offline. */
  readonly state: RungState;
  /** How it relates to the box before it: the next step, or a separate state. */
  readonly follows: 'arrow' | 'apart' | undefined;
}

const stateByPhase: Readonly<Record<Peer['phase'], RungState>> = {
  offline: 'ahead',
  connecting: 'waiting',
  connected: 'reached',
  waiting: 'stuck',
  paused: 'ahead',
  failed: 'failed',
  closed: 'ahead',
};
const order = ['offline', 'connecting', 'connected', 'waiting', 'paused', 'failed', 'closed'] as const;

export function phasesOf(peer: Peer, nowMs: number): readonly PhaseBox[] {
  return order.map((phase, index) => {
    const leftAtMs = peer.changes.find((change) => change.from === phase)?.atMs;
    const standing = peer.phase === phase ? 'now' : leftAtMs === undefined ? 'never' : 'been';
    return {
      phase,
      standing,
      words:
        standing === 'now'
          ? wordsNow(peer, nowMs)
          : leftAtMs === undefined
            ? 'not seen'
            : `${formatDuration(nowMs - leftAtMs)} ago`,
      state: stateByPhase[phase],
      follows: index === 0 ? undefined : index < 4 ? 'arrow' : 'apart',
    };
  });
}

function wordsNow(peer: Peer, nowMs: number): string {
  if (peer.phase === 'connecting') return `attempt ${peer.attempt ?? 1}`;
  if (peer.phase === 'waiting' && peer.retryAtMs !== undefined)
    return formatNextAttempt(peer.retryAtMs, nowMs).replace(' attempt', '');
  return `for ${formatDuration(nowMs - peer.phaseSinceMs)}`;
}
