import { LocalNode } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { covers, knownCountsOfState } from '../../engine/known-counts.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import type { Genesis } from '../account/genesis.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';
import { askRelay, hostsToAsk } from '../opening/ask-relay.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/**
 * Asks each relay once whether it has an account. Any phrase with a valid checksum yields an account ID, so only
 * uploaded content proves that the account exists. Rejects with ACCOUNT_NOT_FOUND only if every relay answered that it
 * lacks the account or its first transactions; otherwise rejects like `askRelay`.
 */
export async function lookUpAccount(options: {
  readonly crypto: SessionCrypto;
  readonly genesis: Genesis;
  readonly sync: SyncOptions | false;
  readonly platform: Platform;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
}): Promise<void> {
  const { crypto, genesis, sync, platform, signal, logger } = options;
  const { accountID, agentSecret } = genesis;
  const host = hostsToAsk(sync);
  // Act as the agent, which exists before the account does. The node writes and stores nothing.
  const sessionID = crypto.newRandomSessionID(crypto.getAgentID(agentSecret));
  const node = new LocalNode(agentSecret, sessionID, crypto);
  const peers = startSync({
    ...{ node, sync, platform, logger },
    storage: { status: foreignStorageStatus(node) },
    account: { accountID, agentSecret },
  });
  const beginning = genesis.counts.get(accountID) ?? {};
  const isFound = () => {
    const have = knownCountsOfState(getOrCreateCoValue(node, accountID).knownState());
    return covers(have, beginning);
  };
  try {
    await askRelay({ node, id: accountID, sync, peers, clock: platform.clock, signal, isFound });
    if (!isFound()) throw notFound(host);
  } finally {
    await peers.close();
    await node.gracefulShutdown();
  }
}

function notFound(host: string): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    `The relay at ${host} does not have the account of this recovery phrase. Check the words; if they are correct, open the app once, while online, on the device where the account was created, then try again.`,
    { details: { host } },
  );
}
