import type { LocalNode } from 'cojson';
import { onTestFinished } from 'vitest';
import { silentLogger, type Logger } from '../../../src/base/logger.ts';
import type { RelayAuth } from '../../../src/sync/auth/relay-auth.ts';
import { foreignStorageStatus } from '../../../src/sync/begin-sync.ts';
import { startSync } from '../../../src/sync/start-sync.ts';
import type { SyncPeers } from '../../../src/sync/sync-peers.ts';
import { createFakeClock, type FakeClock } from '../../../src/testing/fake-clock.ts';
import { createNodePlatform } from '../platform/node-platform.ts';
import { createAccountNode } from '../session/account-node.ts';
import type { SigningRelay } from './signing-relay.ts';

/** An account that signs in at a relay which the test plays. */
export interface SignedInSync {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly clock: FakeClock;
  /** Passes time in steps, in which the relay pings. */
  pass(ms: number): Promise<void>;
}

export async function signedInSync(
  relay: SigningRelay,
  auth: RelayAuth,
  logger: Logger = silentLogger,
): Promise<SignedInSync> {
  const node = await createAccountNode();
  const clock = createFakeClock();
  const sync = startSync({
    node,
    sync: { url: 'wss://relay.example/sync', auth, transports: [relay.transport] },
    storage: { status: foreignStorageStatus(node) },
    platform: { ...createNodePlatform(), clock },
    logger,
  });
  onTestFinished(() => {
    const closing = sync.close();
    clock.advance(10_000);
    return closing;
  });
  await settle(); // The relay asks.
  return {
    node,
    sync,
    clock,
    async pass(ms) {
      for (let leftMs = ms; leftMs > 0; leftMs -= 1_000) {
        clock.advance(1_000);
        await settle();
        relay.ping();
        await settle();
      }
    },
  };
}

/** Everything here works in turns of the event loop, without waiting for time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
