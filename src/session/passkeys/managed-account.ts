import type { LocalNode, RawAccountID, RawCoMap } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Confirmations } from '../../sync/confirmations.ts';
import type { PasskeyRecord } from '../account/kernel-map.ts';
import type { SeedHolder } from '../account/seed-holder.ts';
import type { SessionCrypto } from '../account/session-crypto.ts';
import type { KeptPasskeys } from '../device/device-passkeys.ts';
import type { Keyring } from '../keyring/keyring-keys.ts';
import type { SessionOptions } from '../session.ts';

/** What managing an open account's passkeys rests on. */
export interface ManagedAccount {
  readonly platform: Platform;
  readonly node: LocalNode;
  readonly crypto: SessionCrypto;
  readonly accountID: RawAccountID;
  /** Where a passkey's entry is; computed once for each. */
  readonly keyringOf: (passkey: Pick<PasskeyRecord, 'removalSecret'>) => Keyring;
  readonly kernelMap: RawCoMap;
  readonly confirmations: Confirmations;
  readonly seed: SeedHolder;
  /** Undefined where nothing is kept. */
  readonly device: KeptPasskeys | undefined;
  readonly options: SessionOptions;
  readonly logger: Logger;
}
