import { isEqual } from '../../base/equal.ts';
import { createReadable, type Readable } from '../../base/readable.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import { describePasskeys } from './describe-passkeys.ts';
import type { ManagedAccount } from './managed-account.ts';
import type { PasskeysState } from './passkeys.ts';

/** The account's current passkeys, derived from the kernel's map, the relay's confirmations and this device. */
export interface WatchedPasskeys extends Readable<PasskeysState> {
  /** Call after something may have changed. */
  changed(): void;
  /** Call after a passkey was created or used on this device. */
  usedHere(credentialID: string): void;
  /** Resolves when everything on this device has been read. */
  readonly settled: Promise<void>;
  end(): void;
}

export function watchPasskeys(account: ManagedAccount, sync: SyncPeers): WatchedPasskeys {
  const { kernelMap, confirmations, device, logger } = account;
  const here = new Set<string>();
  let isHeard = false;
  let isWarned = false;
  const state = createReadable<PasskeysState>(
    { passkeys: [], phraseRevealed: false, reach: 'unknown' },
    isEqual,
  );

  function changed(): void {
    state.set(describePasskeys(account, { here, isHeard }));
    if (state.current.reach !== 'nowhere' || isWarned) return;
    isWarned = true;
    logger.warn(
      'Nothing can open this account on another device: it has no passkey, and its recovery phrase was never revealed. Add a passkey, or reveal the phrase.',
    );
  }

  void confirmations.whenAnswered(kernelMap.id).then(() => {
    isHeard = true;
    changed();
  });
  const known = unlessDeviceFails(device?.credentialIDs(), logger).then((ids = []) => {
    for (const id of ids) here.add(id);
  });
  const settled = Promise.all([known, confirmations.settled]).then(changed);
  const ends = [kernelMap.subscribe(changed), sync.subscribe(changed)];

  return {
    get current() {
      return state.current;
    },
    subscribe: (listener) => state.subscribe(listener),
    changed,
    usedHere(credentialID) {
      here.add(credentialID);
      changed();
    },
    settled,
    end() {
      for (const end of ends) end();
    },
  };
}
