import type { Logger } from '../../base/logger.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import { loadSession } from '../load-session.ts';
import type { Session } from '../session.ts';

export interface AgentSessionOptions {
  readonly accountID: string;
  /** As cojson writes it: `sealerSecret_z…/signerSecret_z…`. Whoever has it has the account. */
  readonly agentSecret: string;
  /** Default: the relay that `resolveSyncUrl()` names. `false`: no relay. */
  readonly sync?: SyncOptions | false;
  /** Default `'memory'`: nothing is kept, so wait until edits are confirmed. One that is given is closed with the session. */
  readonly storage?: 'memory' | DeviceStorage;
  readonly logger?: Logger;
}

/**
 * Opens an account from its own credentials, with no browser around it: in Node, in a worker, in a test. Also one that
 * stock cojson made. Its session ID is random, and never used again.
 *
 * Rejects with ACCOUNT_INVALID where the secret or the ID cannot be read, or they do not belong together. Where the storage
 * does not have the account, the relay is asked once: ACCOUNT_NOT_FOUND where it has none, and SYNC_OFF, SYNC_URL_INVALID,
 * RELAY_UNREACHABLE, RELAY_SILENT or RELAY_NOT_A_RELAY where none could be asked.
 */
export async function openAgentSession(options: AgentSessionOptions): Promise<Session> {
  const { createAgentPlatform, openAgent } = await loadSession({ remember: 'never' });
  return openAgent(createAgentPlatform(), options);
}
