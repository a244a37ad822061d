import { inspectionOf } from '../../../src/sync/inspection.ts';
import type { SyncPeers } from '../../../src/sync/sync-peers.ts';
import { recordMessages } from '../../../src/testing/recorded-messages.ts';

/** Names for the CoValues and relays that a log shows. Messages about other CoValues are left out. */
export interface LogNames {
  readonly coValues: Readonly<Record<string, { readonly id: string }>>;
  /** Names by peer ID. Default: `server` for each. */
  readonly relays?: Readonly<Record<string, string>>;
}

/** Records a sync's messages from now on. The function returned formats them, one per line. */
export function logMessages(sync: SyncPeers): (names: LogNames) => readonly string[] {
  const inspection = inspectionOf(sync);
  const recorded = inspection && recordMessages(inspection);
  return ({ coValues, relays = {} }) =>
    recorded?.lines({
      coValue: (id) => Object.entries(coValues).find(([, each]) => each.id === id)?.[0],
      relay: (peerID) => relays[peerID] ?? 'server',
    }) ?? [];
}
