import { cojsonInternals, type AgentSecret, type RawAccountID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createKernelError } from '../../base/kernel-error.ts';

/** The account that a relay runs on, and what opens it. */
export interface RelayAgent {
  readonly accountID: string;
  /** As cojson writes it: `sealerSecret_z…/signerSecret_z…`. Never in a log or an error. */
  readonly agentSecret: string;
}

/** The same, and known to be one account's. */
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

/** Throws RELAY_SETTING_INVALID, which shows nothing of the secret, where the two do not make an account. */
export async function readAgent({ accountID, agentSecret }: RelayAgent): Promise<AgentIdentity> {
  const crypto = await WasmCrypto.create();
  // Neither is repeated before its form is known: somebody may have put the secret in the other's place.
  if (!isSecret(agentSecret)) throw malformed('secret');
  if (!accountForm.test(accountID)) throw malformed('account ID');
  const own = accountIDFrom(agentSecret, crypto);
  if (own !== accountID) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The agent's secret is not that of the account ${accountID}: give both as \`maia-relay agent:generate\` printed them.`,
    );
  }
  return { accountID: own, agentSecret };
}

function isSecret(text: string): text is AgentSecret {
  return secretForm.test(text);
}

function accountIDFrom(agentSecret: AgentSecret, crypto: WasmCrypto): RawAccountID {
  try {
    return accountIDOf(agentSecret, crypto);
  } catch {
    // Its keys have the wrong length. What the crypto says of that may hold the secret, so it is no cause.
    throw malformed('secret');
  }
}

/** An account's id is the hash of its header, and that follows from the secret. */
function accountIDOf(agentSecret: AgentSecret, crypto: WasmCrypto): RawAccountID {
  const header = cojsonInternals.accountHeaderForInitialAgentSecret(agentSecret, crypto);
  return cojsonInternals.idforHeader(header, crypto) as RawAccountID;
}

function malformed(what: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `The agent's ${what} cannot be read: give it as \`maia-relay agent:generate\` printed it.`,
  );
}
