import type { Clock } from '../../base/clock.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import type { DroppedContent, DroppedSession, Refusal } from '../snapshot/relay-facts.ts';

/** What the kernel and its relays refused from each other since the inspector was created. */
export interface DroppedLog {
  of(peerID: string): DroppedContent;
  lastRefusalOf(peerID: string): Refusal | undefined;
  close(): void;
}

const maxListed = 20;
const nothing: DroppedContent = { sessions: 0, latest: [] };

export function createDroppedLog(options: {
  readonly inspection: Pick<SyncInspection, 'onEvent'>;
  readonly clock: Clock;
  readonly onChange: () => void;
}): DroppedLog {
  const { inspection, clock, onChange } = options;
  const byPeerID = new Map<string, DroppedContent>();
  const refusalsByPeerID = new Map<string, Refusal>();
  const close = inspection.onEvent(({ event, detail }) => {
    if (event === 'refused') {
      const { peerID, id, error } = detail;
      const refusal = { atMs: clock.nowMs(), ...(id !== undefined && { id }), error: toPlainError(error) };
      refusalsByPeerID.set(peerID, refusal);
      return onChange();
    }
    if (event !== 'dropped') return;
    const { peerID, id, sessionID, reason } = detail;
    const { sessions, latest } = byPeerID.get(peerID) ?? nothing;
    const session: DroppedSession = { atMs: clock.nowMs(), id, sessionID, reason };
    // A relay sends the same again on its next connection.
    const others = latest.filter((one) => one.id !== id || one.sessionID !== sessionID);
    byPeerID.set(peerID, {
      sessions: others.length < latest.length ? sessions : sessions + 1,
      latest: [session, ...others].slice(0, maxListed),
    });
    onChange();
  });
  return {
    of: (peerID) => byPeerID.get(peerID) ?? nothing,
    lastRefusalOf: (peerID) => refusalsByPeerID.get(peerID),
    close,
  };
}
