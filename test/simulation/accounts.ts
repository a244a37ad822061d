import { createGenesis, type Genesis } from '../../src/session/account/genesis.ts';
import { createSessionCrypto } from '../../src/engine/session-crypto.ts';

/** Two people, the same in every run, because creating an account takes real time for the browser's cryptography. */
export async function createAccounts(): Promise<readonly [Genesis, Genesis]> {
  const subtle = globalThis.crypto.subtle;
  const genesisOf = async (byte: number) =>
    createGenesis(await createSessionCrypto(), subtle, new Uint8Array(32).fill(byte));
  return [await genesisOf(1), await genesisOf(2)];
}
