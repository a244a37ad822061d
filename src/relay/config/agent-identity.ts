import { cojsonInternals, type AgentSecret, type RawAccountID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createKernelError } from '../../base/kernel-error.ts';

/** The account that a relay runs as, with its secret. */
export interface RelayAgent {
  readonly accountID: string;
  /** In cojson's format, `sealerSecret_z…/signerSecret_z…`. Never logged and never part of an error. */
  readonly agentSecret: string;
}

/** A `RelayAgent` whose secret is known to belong to its account. */
export interface AgentIdentity {
  readonly accountID: RawAccountID;
  readonly agentSecret: AgentSecret;
}

const base58 = '[1-9A-HJ-NP-Za-km-z]+';
const secretForm = new RegExp(`^sealerSecret_z${base58}/signerSecret_z${base58}$`);
const accountForm = new RegExp(`^co_z${base58}$`);

export async function generateAgent(): Promise<AgentIdentity> {
  const crypto = await WasmCrypto.create();
  const agentSecret = crypto.newRandomAgentSecret();
  return { accountID: accountIDOf(agentSecret, crypto), agentSecret };
}

/** Throws RELAY_SETTING_INVALID if the secret does not belong to the account. The error never contains the secret. */
export async function readAgent({ accountID, agentSecret }: RelayAgent): Promise<AgentIdentity> {
  const crypto = await WasmCrypto.create();
  // Check the form before any error repeats a value: the secret may have been given as the account ID.
  if (!isSecret(agentSecret)) throw malformed('secret');
  if (!accountForm.test(accountID)) throw malformed('account ID');
  const derivedID = accountIDFrom(agentSecret, crypto);
  if (derivedID !== accountID) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The agent secret does not belong to the account ${accountID}. Use both values exactly as \`maia-relay agent:generate\` printed them.`,
    );
  }
  return { accountID: derivedID, agentSecret };
}

function isSecret(text: string): text is AgentSecret {
  return secretForm.test(text);
}

function accountIDFrom(agentSecret: AgentSecret, crypto: WasmCrypto): RawAccountID {
  try {
    return accountIDOf(agentSecret, crypto);
  } catch {
    // The keys have the wrong length. Drop the cause: the crypto library may put the secret into its message.
    throw malformed('secret');
  }
}

/** An account ID is the hash of the account's header, which is derived from the secret. */
function accountIDOf(agentSecret: AgentSecret, crypto: WasmCrypto): RawAccountID {
  const header = cojsonInternals.accountHeaderForInitialAgentSecret(agentSecret, crypto);
  return cojsonInternals.idforHeader(header, crypto) as RawAccountID;
}

function malformed(field: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `The agent ${field} is malformed. Use it exactly as \`maia-relay agent:generate\` printed it.`,
  );
}
