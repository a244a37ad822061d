import { afterEach, expect, test, vi } from 'vitest';
import { createTestDevice } from '../../../test/support/session/test-device.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { createGenesis, seedLength } from '../account/genesis.ts';
import { openNode } from './open-node.ts';

const device = createTestDevice(indexedDB);
afterEach(() => device.end());

test('an opening that fails releases its session ID, even if its storage cannot be closed', async () => {
  const engine = await createSessionCrypto();
  const genesis = await createGenesis(engine, crypto.subtle, device.platform.random(seedLength));
  const open = await openNode(device.platform, { crypto: engine, genesis }, { sync: false });
  const shutDown = open.node.gracefulShutdown.bind(open.node);
  vi.spyOn(open.node, 'gracefulShutdown').mockImplementation(async () => {
    await shutDown();
    throw new Error('not written');
  });
  await open.abandon();
  expect(open.lease).toMatchObject({ isShared: true, isHeld: false });
});
