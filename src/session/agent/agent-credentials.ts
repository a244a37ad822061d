import { base58 } from '@scure/base';
import type { AgentSecret, RawAccountID } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { accountIDFor } from '../account/genesis.ts';
import type { SessionCrypto } from '../account/session-crypto.ts';

/** An account's own secret, of which it is known that it is the account's. */
export interface AgentCredentials {
  readonly accountID: RawAccountID;
  readonly agentSecret: AgentSecret;
}

/** Throws ACCOUNT_INVALID, which says what is wrong and shows nothing of the secret. */
export function readCredentials(
  crypto: SessionCrypto,
  { accountID, agentSecret }: { readonly accountID: string; readonly agentSecret: string },
): AgentCredentials {
  // Neither is repeated before its form is known: somebody may have put the secret in the other's place.
  if (!isAgentSecret(agentSecret)) {
    throw invalid(
      'The agent’s secret cannot be read. Give all of it, in the form `sealerSecret_z…/signerSecret_z…`.',
    );
  }
  if (!/^co_z[1-9A-HJ-NP-Za-km-z]+$/.test(accountID)) {
    throw invalid('The account’s ID cannot be read. Give all of it, in the form `co_z…`.');
  }
  const own = accountIDFor(crypto, agentSecret);
  if (own !== accountID) {
    throw invalid(
      `The agent’s secret is not that of the account ${accountID}. Give an account’s ID and its own secret.`,
    );
  }
  return { accountID: own, agentSecret };
}

function isAgentSecret(text: string): text is AgentSecret {
  const parts = /^sealerSecret_z([^/]+)\/signerSecret_z([^/]+)$/.exec(text)?.slice(1);
  return parts?.every((part) => keyLength(part) === 32) ?? false;
}

function keyLength(text: string): number {
  try {
    return base58.decode(text).length;
  } catch {
    return 0; // No base58. What the decoder says of it may hold the secret.
  }
}

function invalid(message: string): KernelError {
  return createKernelError('ACCOUNT_INVALID', message);
}
