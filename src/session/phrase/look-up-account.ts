import { LocalNode } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { coverageOfContent, coverageOfState, covers } from '../../engine/known-counts.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import type { Genesis } from '../account/genesis.ts';
import type { SessionCrypto } from '../account/session-crypto.ts';
import { askRelay, hostToAsk } from '../opening/ask-relay.ts';

/**
 * Asks the relay whether it has an account, once. Any phrase that passes its checksum leads to an account's ID, so only
 * what was uploaded shows that somebody made one. Rejects with ACCOUNT_NOT_FOUND only where a relay answered that it has
 * nothing, or not its beginning; where none could be asked, as `askRelay` says.
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
  const host = hostToAsk(sync);
  // For the agent, who can ask before there is an account. The node writes nothing and keeps nothing.
  const sessionID = crypto.newRandomSessionID(crypto.getAgentID(agentSecret));
  const node = new LocalNode(agentSecret, sessionID, crypto);
  const peers = startSync({ node, sync, storage: { status: foreignStorageStatus(node) }, platform, logger });
  try {
    await askRelay({ node, id: accountID, sync, peers, clock: platform.clock, signal });
    const have = coverageOfState(node.getCoValue(accountID).knownState());
    const beginning = genesis.content.filter(({ id }) => id === accountID);
    if (!beginning.every((content) => covers(have, coverageOfContent(content)))) throw notFound(host);
  } finally {
    await peers.close();
    await node.gracefulShutdown();
  }
}

function notFound(host: string): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    `The relay at ${host} does not know the account of these words. Check them; where they are right, open the app once, online, on the device where the account was made, then try again.`,
    { details: { host } },
  );
}
