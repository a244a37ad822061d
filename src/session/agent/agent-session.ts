import { createLazyModule } from '../../base/lazy-module.ts';
import type { Session } from '../session.ts';
import type { AgentSessionOptions } from '../session-options.ts';

const agentModule = /* @__PURE__ */ createLazyModule(() => import('./agent-entry.ts'));

/**
 * Opens an account from its credentials, without a browser: in Node, in a worker, in a test. The account may come from stock
 * cojson. The session ID is random and never reused.
 *
 * Rejects with ACCOUNT_INVALID if the secret or the ID cannot be parsed, if they do not belong together, or if the relay has
 * only the account's header. If the storage lacks the account, asks the relay once: rejects with ACCOUNT_NOT_FOUND if the
 * relay lacks it, and with SYNC_OFF, SYNC_URL_INVALID, RELAY_UNREACHABLE, RELAY_SILENT, RELAY_NOT_A_RELAY or
 * RELAY_UNAUTHORIZED if none answers.
 */
export async function openAgentSession(options: AgentSessionOptions): Promise<Session> {
  const { createAgentPlatform, openAgent } = await agentModule.load();
  return openAgent(createAgentPlatform(), options);
}
