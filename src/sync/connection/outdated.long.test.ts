import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createSharedMap, loadMap, openRelay } from '../../../test/support/relay/test-relay.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { httpTransport } from '../../transport/ordinary-transports.ts';
import { setupSyncPeers } from '../setup-sync-peers.ts';
import { foreignStorageStatus } from '../begin-sync.ts';
import { startSync } from '../start-sync.ts';
import { until } from '../../../test/support/until.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test.each([['1.9.0'], [undefined]])(
  '[CONN-9] an app of version %s learns what the relay requires, keeps its edits, and sends them once it is newer',
  async (appVersion) => {
    const relay = await openRelay({ storage: 'memory:', minAppVersion: '2.0.0' });
    ends.push(relay.close);
    const options = (version: string | undefined) => ({
      url: `${relay.url}/sync`,
      transports: [httpTransport()],
      ...(version !== undefined && { appVersion: version }),
    });
    const start = async (version: string | undefined) => {
      const node = await createAgentNode();
      const storage = { status: foreignStorageStatus(node) };
      const rest = { storage, platform: createNodePlatform(), logger: silentLogger };
      const sync = startSync({ node, sync: options(version), ...rest });
      ends.push(() => sync.close());
      return { node, sync };
    };

    const { node, sync } = await start(appVersion);
    const told: unknown[] = [];
    sync.on('outdated', ({ required, have }) => told.push({ required, have }));
    const map = createSharedMap(node);
    await until(() => sync.current.status === 'failed');
    expect(sync.current.error).toMatchObject({ code: 'APP_OUTDATED', details: { required: '2.0.0' } });
    expect(told).toEqual([{ required: '2.0.0', have: appVersion }]);
    map.set('word', 'while it was too old');
    await until(() => sync.current.confirmed.pending > 0);

    await sync.close();
    const updated = setupSyncPeers({ node, ...options('2.0.0') });
    ends.push(() => updated.close());
    await updated.whenConfirmed();
    const other = await start('2.0.1');
    await until(() => other.sync.current.peers[0]?.phase === 'connected');
    expect((await loadMap(other.node, map)).toJSON()).toEqual({ word: 'while it was too old' });
  },
  60_000,
);
