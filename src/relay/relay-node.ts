import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';

/** A node on an identity that nobody keeps: a relay needs no rights over anybody's data. */
export async function createRelayNode(): Promise<LocalNode> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}
