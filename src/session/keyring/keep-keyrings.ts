import type { LocalNode, RawCoMap } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import { livePasskeys, readRemovals, type Removal } from '../account/kernel-map.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';
import type { Keyring } from './keyring-keys.ts';
import { removeKeyring } from './remove-keyring.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/**
 * Fetches the entries of all passkeys, so that any device can refill a wiped or replaced relay, and deletes
 * entries of removed ones wherever they appear. Waits for a relay. Returns a function that stops it.
 */
export function keepKeyrings(options: {
  readonly node: LocalNode;
  readonly crypto: SessionCrypto;
  readonly kernelMap: RawCoMap;
  readonly keyringOf: (passkey: Removal) => Keyring;
  readonly logger: Logger;
  /** An entry arrived, changed or was deleted. */
  readonly onChange: () => void;
  /** Called once for each removed passkey, when its entry is deleted here. */
  readonly onRemoved: (removal: Removal, keyring: Keyring) => void;
}): () => void {
  const { node, crypto, kernelMap, keyringOf, logger, onChange, onRemoved } = options;
  const ends: (() => void)[] = [];
  const live = new Set<string>();
  const removed = new Set<string>();

  async function load({ mapID }: Keyring): Promise<void> {
    ends.push(getOrCreateCoValue(node, mapID).subscribe(onChange));
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
      logger.warn('A removed passkey’s entry could not be deleted; retrying at the next start', {
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
