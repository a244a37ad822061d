import type { Clock } from '../../base/clock.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import type { DroppedContent, DroppedSession } from '../snapshot/relay-facts.ts';

/** What the kernel did not take of relays, or relays did not take of other accounts, since the inspector was created. */
export interface DroppedLog {
  of(peerID: string): DroppedContent;
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
  const close = inspection.onEvent(({ event, detail }) => {
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
  return { of: (peerID) => byPeerID.get(peerID) ?? nothing, close };
}
