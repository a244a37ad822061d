import type { RawCoID } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import { genesisTimeMs } from '../account/version-1.ts';
import { guardSessionID } from './guard-session-id.ts';

it('[SEC-13] the claims of a relay that claims ever more of a session are checked at most ten times a minute', async () => {
  const contentOf = (id: RawCoID) => node.getCoValue(id).newContentSince() as object[] | undefined;
  const relay = await startHostileRelay((id, connection) => (connection > 0 ? contentOf(id) : undefined));
  const crypto = await createSessionCrypto();
  const agentSecret = crypto.newRandomAgentSecret();
  const sessionID = crypto.newRandomSessionID(crypto.getAgentID(agentSecret));
  const node = createSessionNode({ crypto, agentSecret, sessionID, genesisTimeMs });
  const platform = { ...createNodePlatform(), locks: undefined };
  let isPausing = false;
  // It counts its readings, so that ten checks take less than a minute on any machine. Other waits take a whole minute.
  let readings = 0;
  const clock = {
    ...platform.clock,
    elapsedMs: () => readings++,
    after(ms: number, run: () => void) {
      if (ms < 50_000 || ms >= 60_000) return platform.clock.after(ms, run);
      isPausing = true;
      return () => {};
    },
  };
  const storage = { status: foreignStorageStatus(node) };
  const sync = startSync({ node, sync: { url: relay.url }, storage, platform, logger: silentLogger });
  onTestFinished(() => sync.close());
  const map = node.createGroup().createMap({ a: 1 });
  await sync.whenConfirmed();
  const end = guardSessionID({
    ...{ node, sync, logger: silentLogger, isKept: false, retiredIDs: 0 },
    platform: { ...platform, clock },
    retire: () => {},
    onRetired: () => Promise.resolve(),
  });
  onTestFinished(end);
  let count = 100;
  await until(() => {
    const sessions = { [sessionID]: count++ };
    relay.send([{ action: 'known', id: map.id, header: true, sessions }], 0);
    return isPausing;
  });
  expect(relay.connections).toBe(1 + 10);
});
