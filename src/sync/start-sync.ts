import { createHttpTransport } from '../transport/http-transport.ts';
import { createWebSocketTransport } from '../transport/web-socket.ts';
import { beginSync, type SyncToBegin } from './begin-sync.ts';
import { createNodeRelay } from './node-relay.ts';
import { bringInOthersEdits } from './others-edits.ts';
import { paceReleases } from '../engine/release-pacing.ts';
import type { SyncPeers } from './sync-peers.ts';
import { createTabs, type TabsSetup } from './tabs/tabs.ts';
import { unloadUnused } from './unloading.ts';

/** As `beginSync`, for a session: with all that it takes at hand. */
export function startSync({
  tabs: setup,
  ...options
}: SyncToBegin & {
  /** How the account's tabs on this device find each other. Default: they do not. */
  readonly tabs?: TabsSetup;
}): SyncPeers {
  return beginSync({
    ...options,
    code: {
      createTransports: (platform) => [
        createWebSocketTransport((to) => platform.openWebSocket(to)),
        createHttpTransport(platform),
      ],
      createRelay: createNodeRelay,
      unloadUnused,
      paceReleases,
      bringInOthersEdits,
      createTabs: setup && ((parts) => createTabs({ ...parts, setup })),
    },
  });
}
