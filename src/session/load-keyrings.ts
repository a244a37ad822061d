import type { LocalNode, RawCoMap } from 'cojson';
import type { Logger } from '../platform/logger.ts';
import { readPasskeys } from './kernel-map.ts';
import { keyringOf } from './keyring-keys.ts';
import type { SessionCrypto } from './session-crypto.ts';

/**
 * Brings the entries of all the account's passkeys to this device, so that any one device can refill a relay that was
 * wiped or replaced, for all of them. Those that no relay can be asked for now come when one is reached. Returns the end.
 */
export function loadKeyrings(
  node: LocalNode,
  crypto: SessionCrypto,
  kernelMap: RawCoMap,
  logger: Logger,
): () => void {
  const asked = new Set<string>();
  return kernelMap.subscribe((current) => {
    for (const { credentialID, removalSecret } of readPasskeys(current)) {
      if (asked.has(credentialID)) continue;
      asked.add(credentialID);
      const { mapID } = keyringOf(crypto, removalSecret);
      node
        .loadCoValueCore(mapID, undefined, true)
        .catch((error: unknown) => logger.warn('A passkey’s entry could not be loaded', { mapID, error }));
    }
  });
}
