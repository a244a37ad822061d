import type { LocalNode, RawCoMap } from 'cojson';
import { expect, onTestFinished } from 'vitest';
import { silentLogger } from '../../../src/base/logger.ts';
import { foreignStorageStatus } from '../../../src/sync/begin-sync.ts';
import { startSync } from '../../../src/sync/start-sync.ts';
import type { SyncPeers } from '../../../src/sync/sync-peers.ts';
import type { RelayAuth } from '../../../src/sync/auth/relay-auth.ts';
import { createNodePlatform } from '../platform/node-platform.ts';
import { loadMap, startRelay } from '../relay/test-relay.ts';
import { until } from '../until.ts';
import { createAccountNode } from '../session/account-node.ts';
import { openIdentityServer } from './identity-server.ts';
import { createSigningKey } from './signing-key.ts';

export interface AskedDevice {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  /** How many WebSockets it has opened. */
  readonly dialled: { count: number };
}

/** A device that signs in as `auth` says, for an app if one is given. */
export async function openDevice(url: string, auth?: RelayAuth, appID?: string): Promise<AskedDevice> {
  const node = await createAccountNode();
  const dialled = { count: 0 };
  const platform = createNodePlatform();
  const sync = startSync({
    node,
    sync: { url, ...(auth !== undefined && { auth }), ...(appID !== undefined && { appID }) },
    storage: { status: foreignStorageStatus(node) },
    platform: {
      ...platform,
      openWebSocket(to) {
        dialled.count++;
        return platform.openWebSocket(to);
      },
    },
    logger: silentLogger,
  });
  onTestFinished(() => sync.close());
  return { node, sync, dialled };
}

/** What a new device reads once it has signed in. */
export async function readElsewhere(url: string, auth: RelayAuth, map: RawCoMap): Promise<RawCoMap> {
  const { node } = await openDevice(url, auth);
  await until(() => expect(Object.keys(node.syncManager.peers)).toHaveLength(1));
  return loadMap(node, map);
}

/** Our relay, which lets devices in by a token of `key`, or by their account. */
export async function startAskingRelay() {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const relay = await startRelay({ storage: 'memory:', auth: { jwksUrl, account: true } });
  return { key, relay };
}
