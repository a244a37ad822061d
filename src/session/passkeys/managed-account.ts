import type { LocalNode, RawAccountID, RawCoMap } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Confirmations } from '../../sync/confirmations.ts';
import type { PasskeyRecord } from '../account/kernel-map.ts';
import type { SeedHolder } from '../account/seed-holder.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';
import type { DevicePasskeys } from '../device/device-passkeys.ts';
import type { UnfinishedHere } from '../device/unfinished-here.ts';
import type { Keyring } from '../keyring/keyring-keys.ts';
import type { SessionOptions } from '../session-options.ts';

export interface ManagedAccount {
  readonly platform: Platform;
  readonly node: LocalNode;
  readonly crypto: SessionCrypto;
  readonly accountID: RawAccountID;
  /** Derives a passkey's keyring, and caches it. */
  readonly keyringOf: (passkey: Pick<PasskeyRecord, 'removalSecret'>) => Keyring;
  readonly kernelMap: RawCoMap;
  readonly confirmations: Confirmations;
  readonly seed: SeedHolder;
  /** Undefined if nothing is stored on this device. */
  readonly device: DevicePasskeys | undefined;
  readonly unfinished: UnfinishedHere;
  readonly options: SessionOptions;
  readonly logger: Logger;
}
