import { isEqual } from '../../base/equal.ts';
import { createReadable, type Readable } from '../../base/readable.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import type { UnfinishedPasskey } from '../device/unfinished-passkeys.ts';
import { describePasskeys } from './describe-passkeys.ts';
import type { ManagedAccount } from './managed-account.ts';
import type { PasskeysState } from './passkeys.ts';

/** The account's current passkeys, derived from the kernel's map, the relay's confirmations and this device. */
export interface WatchedPasskeys extends Readable<PasskeysState> {
  /** Call after something may have changed. */
  changed(): void;
  /** Call after a passkey was created or used on this device. */
  usedHere(credentialID: string): void;
  /** Call after a passkey was created for the account, whether it was added or not. Never rejects. */
  readUnfinished(): Promise<void>;
  /** Resolves when everything on this device has been read. */
  readonly settled: Promise<void>;
  end(): void;
}

export function watchPasskeys(account: ManagedAccount, sync: SyncPeers): WatchedPasskeys {
  const { kernelMap, confirmations, device, logger } = account;
  const here = new Set<string>();
  let unfinished: readonly UnfinishedPasskey[] = [];
  let isHeard = false;
  let isWarned = false;
  const state = createReadable<PasskeysState>(
    { passkeys: [], phraseRevealed: false, phraseKept: false, unfinished: [], reach: 'unknown' },
    isEqual,
  );

  function changed(): void {
    state.set(describePasskeys(account, { here, isHeard, unfinished }));
    if (state.current.reach !== 'nowhere' || isWarned) return;
    isWarned = true;
    logger.warn(
      'Nothing can open this account on another device: it has no passkey, and its recovery phrase was never revealed. Add a passkey, or reveal the phrase.',
    );
  }

  async function readUnfinished(): Promise<void> {
    unfinished = await account.unfinished.list(account.accountID);
    changed();
  }

  void confirmations.whenAnswered(kernelMap.id).then(() => {
    isHeard = true;
    changed();
  });
  const known = unlessDeviceFails(device?.credentialIDs(), logger).then((ids = []) => {
    for (const id of ids) here.add(id);
  });
  const settled = Promise.all([known, readUnfinished(), confirmations.settled]).then(changed);
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
    readUnfinished,
    settled,
    end() {
      for (const end of ends) end();
    },
  };
}
