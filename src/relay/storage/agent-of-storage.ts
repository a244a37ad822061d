import { createHmac } from 'node:crypto';
import type { AgentSecret, CryptoProvider } from 'cojson';

/** Signs for the storage at all of its relays, which share its secret. `label`: for each purpose another agent. */
export function agentOfStorage(crypto: CryptoProvider, secret: string, label: string): AgentSecret {
  const seed = createHmac('sha256', secret).update(label).digest();
  return crypto.agentSecretFromSecretSeed(new Uint8Array(seed));
}
