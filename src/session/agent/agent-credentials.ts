import { base58 } from '@scure/base';
import type { AgentSecret, RawAccountID } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { accountIDFor } from '../account/genesis.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';

/** An account and its secret, checked to belong together. */
export interface AgentCredentials {
  readonly accountID: RawAccountID;
  readonly agentSecret: AgentSecret;
}

/** Throws ACCOUNT_INVALID. The error names the invalid part and contains nothing of the secret. */
export function readCredentials(
  crypto: SessionCrypto,
  { accountID, agentSecret }: { readonly accountID: string; readonly agentSecret: string },
): AgentCredentials {
  // Do not quote a value in an error before checking its form: the caller may have swapped it with the secret.
  if (!isAgentSecret(agentSecret)) {
    throw invalid(
      'The agent’s secret cannot be parsed. Pass the whole secret, in the form `sealerSecret_z…/signerSecret_z…`.',
    );
  }
  if (!/^co_z[1-9A-HJ-NP-Za-km-z]+$/.test(accountID)) {
    throw invalid('The account’s ID cannot be parsed. Pass the whole ID, in the form `co_z…`.');
  }
  const derivedID = accountIDFor(crypto, agentSecret);
  if (derivedID !== accountID) {
    throw invalid(
      `The agent’s secret does not belong to the account ${accountID}. Pass an account’s ID together with its own secret.`,
    );
  }
  return { accountID: derivedID, agentSecret };
}

function isAgentSecret(text: string): text is AgentSecret {
  const parts = /^sealerSecret_z([^/]+)\/signerSecret_z([^/]+)$/.exec(text)?.slice(1);
  return parts?.every((part) => keyLength(part) === 32) ?? false;
}

function keyLength(text: string): number {
  try {
    return base58.decode(text).length;
  } catch {
    return 0; // Not base58. Drop the decoder's error because it may quote the secret.
  }
}

function invalid(message: string): KernelError {
  return createKernelError('ACCOUNT_INVALID', message);
}
