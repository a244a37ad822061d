import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createGenesis, type Genesis } from '../../src/session/account/genesis.ts';
import { createSessionCrypto } from '../../src/engine/session-crypto.ts';

/** Two people, the same in every run: creating an account awaits Web Crypto, which does not run in virtual time. */
export async function createAccounts(): Promise<readonly [Genesis, Genesis]> {
  const subtle = globalThis.crypto.subtle;
  const genesisOf = async (byte: number): Promise<Genesis> => {
    const genesis = await createGenesis(await createSessionCrypto(), subtle, new Uint8Array(32).fill(byte));
    const content = await genesis.content();
    return { ...genesis, content: () => Promise.resolve(content) };
  };
  const accounts = [await genesisOf(1), await genesisOf(2)] as const;
  // From here on cojson’s WASM is ready, which cojson would decode again for each node.
  WasmCrypto.setInit(() => Promise.resolve());
  return accounts;
}
