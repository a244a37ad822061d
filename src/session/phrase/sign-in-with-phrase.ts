import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { hasContent } from '../../storage/has-content.ts';
import { requireSecure } from '../account/secure-platform.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import { deviceAccounts } from '../device/device-accounts.ts';
import { openSession } from '../opening/open-session.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import type { Session } from '../session.ts';
import type { SessionOptions } from '../session-options.ts';
import { lookUpAccount } from './look-up-account.ts';
import { accountLabel, accountOfSeed, phraseRecords } from './phrase-account.ts';
import { phraseModule } from './phrase-module.ts';

/** Writes nothing before this device or the relay is known to have the account. */
export async function signInWithPhrase(
  anyPlatform: Platform,
  phrase: string,
  options: SessionOptions,
): Promise<Session> {
  const { signal, sync = {}, remember = 'device', logger = silentLogger } = options;
  throwIfAborted(signal);
  const { phraseToSeed } = await phraseModule.load();
  const seed = phraseToSeed(phrase);
  const platform = requireSecure(anyPlatform);
  const account = await accountOfSeed(platform, seed);
  const { accountID } = account.genesis;
  if (options.accountID !== undefined && options.accountID !== accountID) throw anotherAccount();

  const device = deviceAccounts(platform);
  const isKnownHere =
    (await unlessDeviceFails(device?.knows(accountID), logger)) ||
    (await hasContent(platform.indexedDB, accountID));
  if (!isKnownHere) await lookUpAccount({ ...account, sync, platform, signal, logger });
  throwIfAborted(signal);

  const copies = (await unlessDeviceFails(device?.keyringCopiesOf(accountID), logger)) ?? [];
  if (device && remember !== 'never') {
    const records = await phraseRecords(platform, account, accountLabel(platform, options), remember);
    // If this fails, the next start needs the phrase again.
    await unlessDeviceFails(device.keep(records), logger);
  }
  return openSession(platform, { ...account, keyrings: copies.flatMap(({ content }) => content) }, options);
}

function anotherAccount(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'These words are not the recovery phrase of the requested account, so nothing was opened. Type the phrase of that account, or sign in without `accountID`.',
  );
}
