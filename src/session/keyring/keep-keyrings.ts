import type { LocalNode, RawCoMap } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import { livePasskeys, readRemovals, type Removal } from '../account/kernel-map.ts';
import type { SessionCrypto } from '../account/session-crypto.ts';
import type { Keyring } from './keyring-keys.ts';
import { removeKeyring } from './remove-keyring.ts';

/**
 * Brings the entries of all the account's passkeys to this device, so that any one device can refill a relay that was
 * wiped or replaced, for all of them; and deletes those of removed ones again wherever it meets them. What no relay can be
 * asked for now comes when one is reached. Returns the end.
 */
export function keepKeyrings(options: {
  readonly node: LocalNode;
  readonly crypto: SessionCrypto;
  readonly kernelMap: RawCoMap;
  readonly keyringOf: (passkey: Removal) => Keyring;
  readonly logger: Logger;
  /** An entry came, changed or went. */
  readonly onChange: () => void;
  /** Called once for each removed passkey, when its entry is deleted here. */
  readonly onRemoved: (removal: Removal, keyring: Keyring) => void;
}): () => void {
  const { node, crypto, kernelMap, keyringOf, logger, onChange, onRemoved } = options;
  const ends: (() => void)[] = [];
  const live = new Set<string>();
  const removed = new Set<string>();

  async function load({ mapID }: Keyring): Promise<void> {
    ends.push(node.getCoValue(mapID).subscribe(onChange));
    try {
      await node.loadCoValueCore(mapID, undefined, true);
    } catch (error) {
      logger.warn('A passkey’s entry could not be loaded', { mapID, error });
    }
  }

  async function remove(removal: Removal): Promise<void> {
    const keyring = keyringOf(removal);
    if (!live.has(removal.credentialID)) await load(keyring);
    try {
      removeKeyring(node, crypto, keyring);
      onRemoved(removal, keyring);
    } catch (error) {
      logger.warn('A removed passkey’s entry could not be deleted; the next start tries it again', {
        mapID: keyring.mapID,
        error,
      });
    }
  }

  ends.push(
    kernelMap.subscribe((current) => {
      for (const passkey of livePasskeys(current)) {
        if (live.has(passkey.credentialID)) continue;
        live.add(passkey.credentialID);
        void load(keyringOf(passkey));
      }
      for (const removal of readRemovals(current)) {
        if (removed.has(removal.credentialID)) continue;
        removed.add(removal.credentialID);
        void remove(removal);
      }
    }),
  );
  return () => {
    for (const end of ends.splice(0)) end();
  };
}
