import { emptyKnownState } from 'cojson';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { startSync } from '../../sync/start-sync.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createGenesis } from '../account/genesis.ts';
import { genesisTimeMs } from '../account/version-1.ts';
import { importAccount } from './import-account.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A device whose storage knows what it has of the kernel's map, but cannot read it. */
async function unreadableDevice({ isImported = true, isSilent = false } = {}) {
  const crypto = await createSessionCrypto();
  const whole = await createGenesis(crypto, globalThis.crypto.subtle, new Uint8Array(32).fill(1));
  const all = await whole.content();
  const content = all.filter(({ id }) => isImported || id !== whole.kernelMapID);
  const genesis = { ...whole, content: () => Promise.resolve(content) };
  const sessionID = crypto.newRandomSessionID(genesis.accountID);
  const node = createSessionNode({ crypto, agentSecret: genesis.agentSecret, sessionID, genesisTimeMs });
  const own = all.filter(({ id }) => id === genesis.kernelMapID);
  const sessions = Object.assign(
    {},
    ...own.flatMap((content) =>
      Object.entries(content.new).map(([session, { after, newTransactions }]) => ({
        [session]: after + newTransactions.length,
      })),
    ),
  ) as Record<string, number>;
  const storage = createMemoryStorage();
  node.setStorage({
    ...storage,
    load: (...call) => {
      if (!isSilent) storage.load(...call);
    },
    loadKnownState: (id, callback) =>
      callback(id === genesis.kernelMapID ? { ...emptyKnownState(id), header: true, sessions } : undefined),
  });
  const platform = { ...createNodePlatform(), clock: createFakeClock() };
  const sync = startSync({ node, sync: false, storage, platform, logger: silentLogger });
  ends.push(() => sync.close());
  const account = { crypto, genesis, seed: undefined, keyrings: [] };
  return { node, sync, platform, account, genesis };
}

test('[ACC-29] an account opens although this device cannot read what it knows to be stored', async () => {
  const { node, sync, platform, account, genesis } = await unreadableDevice();
  // As when a relay asks for the map before it was read.
  getOrCreateCoValue(node, genesis.kernelMapID).getKnownStateFromStorage(() => {});
  const kernelMap = await importAccount(platform, account, { node, sync });
  expect(kernelMap.id).toBe(genesis.kernelMapID);
});

test.each([
  ['does not find', { isImported: false }],
  ['does not answer about', { isSilent: true }],
])('[ACC-29] an account that the storage %s in time rejects with STORAGE_UNAVAILABLE', async (_, how) => {
  const { node, sync, platform, account } = await unreadableDevice(how);
  const opening = importAccount(platform, account, { node, sync });
  const rejected = expect(opening).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  await expect.poll(() => platform.clock.waiting).toBeGreaterThan(0);
  platform.clock.advance(10_000);
  await rejected;
});
