import { expect, it, onTestFinished } from 'vitest';
import { openNode } from '../../../test/support/engine/open-node.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createSigningRelay } from '../../../test/support/sync/signing-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { accountOf, foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import { guardSessionID } from './guard-session-id.ts';
import { openRelayCopy } from './relay-copy.ts';

it('signs in for the session’s account, although its node acts only as the agent', async () => {
  const node = await createAccountNode();
  const relay = createSigningRelay();
  const copy = await openRelayCopy({
    account: accountOf(node),
    agentSecret: node.agentSecret,
    sync: { url: 'wss://relay.example/sync', auth: 'account', transports: [relay.transport] },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  const id = node.createGroup().id;
  await copy.load([id]);
  await copy.close();
  expect(relay.auths).toMatchObject([{ proof: { accountID: node.getCurrentAccountOrAgentID() } }]);
  expect(relay.received).toMatchObject([{ action: 'load', id }]);
});

it('signs in as the session does when it checks what a relay claims', async () => {
  const node = await openNode(new Uint8Array(32).fill(3));
  const relay = createSigningRelay();
  const platform = { ...createNodePlatform(), locks: undefined };
  const transports = [relay.transport];
  const sync = startSync({
    ...{ node, platform, logger: silentLogger, storage: { status: foreignStorageStatus(node) } },
    sync: { url: 'wss://relay.example/sync', auth: 'account', transports },
  });
  onTestFinished(() => sync.close());
  const map = node.createGroup().createMap({ a: 1 });
  await sync.whenConfirmed();
  onTestFinished(
    guardSessionID({
      ...{ node, sync, platform, transports, logger: silentLogger, isKept: false, retiredIDs: 0 },
      retire: () => {},
      onRetired: () => Promise.resolve(),
    }),
  );
  const sessions = { [node.currentSessionID]: 100 };
  relay.say({ action: 'known', id: map.id, header: true, sessions });
  await until(() => relay.auths.length > 1);
  const [first, second] = relay.auths;
  const accountID = node.getCurrentAccountOrAgentID();
  expect([first, second]).toMatchObject([{ proof: { accountID } }, { proof: { accountID } }]);
});
