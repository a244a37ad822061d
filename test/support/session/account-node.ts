import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';

/** A stock node with a new account, without storage or peers. */
export async function createAccountNode(options: { readonly syncWhen?: 'never' } = {}): Promise<LocalNode> {
  const crypto = await WasmCrypto.create();
  const { node } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Ana' },
    crypto,
    ...options,
  });
  return node;
}
