import { assert } from '../../base/assert.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { isChecked, livePasskeys, readPasskeys, recordChecked, type Removal } from '../account/kernel-map.ts';
import { createDevicePasskeys } from '../device/device-passkeys.ts';
import { unfinishedHere } from '../device/unfinished-here.ts';
import { createUnfinishedPasskeys } from '../device/unfinished-passkeys.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import { keepKeyrings } from '../keyring/keep-keyrings.ts';
import { keyringContentIn } from '../keyring/keyring-content.ts';
import { createKeyringFinder, type Keyring } from '../keyring/keyring-keys.ts';
import { loadStoredKeyring } from '../keyring/stored-keyring.ts';
import { addPasskey, finishAdditions } from './add-passkey.ts';
import { checkPasskey } from './check-passkey.ts';
import { keepPasskey } from './keep-passkey.ts';
import type { ManagedAccount } from './managed-account.ts';
import { relyingPartyID } from './passkey-names.ts';
import type { PasskeyInfo, Passkeys } from './passkeys.ts';
import { removePasskey } from './remove-passkey.ts';
import { watchPasskeys } from './watch-passkeys.ts';

/** An open session's passkeys. Keeps their entries in step with the account. Ends with the session. */
export interface ManagedPasskeys {
  readonly passkeys: Passkeys;
  end(): void;
}

export function managePasskeys(
  parts: Omit<ManagedAccount, 'keyringOf' | 'confirmations' | 'device' | 'unfinished'> & {
    readonly sync: SyncPeers;
    /** The ID of the passkey that was created or used to open this session. */
    readonly usedHere: string | undefined;
    /** The ID of the passkey whose `get` opened its entry. */
    readonly openedBy: string | undefined;
  },
): ManagedPasskeys {
  const { node, crypto, kernelMap, platform, sync, usedHere, openedBy, options, logger } = parts;
  const confirmations = confirmationsOf(sync);
  assert(confirmations, 'a session syncs by this kernel');
  const keyringOf = createKeyringFinder(crypto);
  const { indexedDB } = platform;
  const keepsIn = options.remember === 'never' ? undefined : indexedDB;
  const device = keepsIn && createDevicePasskeys(keepsIn);
  const unfinished = unfinishedHere(keepsIn && createUnfinishedPasskeys(keepsIn), logger);
  const account: ManagedAccount = { ...parts, keyringOf, confirmations, device, unfinished };
  const watched = watchPasskeys(account, sync);
  if (usedHere !== undefined) watched.usedHere(usedHere);
  finishAdditions(account).catch((error: unknown) =>
    logger.warn('An unfinished addition of a passkey could not be completed; retrying at the next start', {
      error,
    }),
  );

  async function dropped({ credentialID }: Removal, keyring: Keyring): Promise<void> {
    const deletion = keyringContentIn(node, keyring);
    await unlessDeviceFails(device?.drop({ credentialID, mapID: keyring.mapID, deletion }), logger);
  }

  const stopKeyrings = keepKeyrings({
    node,
    crypto,
    kernelMap,
    keyringOf,
    logger,
    onChange: () => watched.changed(),
    onRemoved: (removal, keyring) => void dropped(removal, keyring),
  });
  // The sign-in has seen the PRF value a second time. On an empty device, the passkey's record arrives later.
  const stopChecking = kernelMap.subscribe((current) => {
    const passkey = livePasskeys(current).find(({ credentialID }) => credentialID === openedBy);
    if (passkey?.prfFrom === 'get' && !isChecked(current, passkey.credentialID)) {
      recordChecked(current, passkey.credentialID);
    }
  });

  /** Resolves when the kernel's map and all entries are stored, so that the tab can close right after. */
  function saved(): Promise<void> {
    const entries = readPasskeys(kernelMap).map((passkey) => keyringOf(passkey));
    return account.confirmations.whenSaved([
      kernelMap.id,
      ...entries.flatMap(({ mapID, groupID }) => [mapID, groupID]),
    ]);
  }

  async function list(): Promise<readonly PasskeyInfo[]> {
    await watched.settled;
    for (const passkey of livePasskeys(kernelMap)) {
      await loadStoredKeyring(node, keyringOf(passkey));
    }
    watched.changed();
    return watched.current.passkeys;
  }

  async function infoOf(id: string): Promise<PasskeyInfo> {
    watched.usedHere(id);
    const info = (await list()).find((passkey) => passkey.id === id);
    assert(info, 'a passkey that was added or checked is listed');
    return info;
  }

  return {
    passkeys: {
      list,
      state: {
        get current() {
          return watched.current;
        },
        subscribe: (listener) => watched.subscribe(listener),
      },
      async add(request = {}) {
        try {
          const added = await addPasskey(account, request);
          await saved();
          await keepPasskey(account, added);
          return await infoOf(added.credentialID);
        } finally {
          await watched.readUnfinished();
        }
      },
      async check(id) {
        await checkPasskey(account, id);
        await saved();
        return infoOf(id);
      },
      async remove(id) {
        removePasskey(account, id);
        await saved();
        const rpID = relyingPartyID(platform, options);
        await platform.passkeys.signalUnknown({ rpID, credentialID: id });
      },
    },
    end() {
      watched.end();
      stopKeyrings();
      stopChecking();
    },
  };
}
