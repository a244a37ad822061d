import { createGenesis, type Genesis } from '../../src/session/account/genesis.ts';
import { createSessionCrypto } from '../../src/session/account/session-crypto.ts';

/** Two people, the same in every run: making an account takes real time, as the browser's cryptography does. */
export async function createAccounts(): Promise<readonly [Genesis, Genesis]> {
  const subtle = globalThis.crypto.subtle;
  const genesisOf = async (byte: number) =>
    createGenesis(await createSessionCrypto(), subtle, new Uint8Array(32).fill(byte));
  return [await genesisOf(1), await genesisOf(2)];
}
