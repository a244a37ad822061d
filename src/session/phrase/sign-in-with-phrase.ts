import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { hasContent } from '../../storage/has-content.ts';
import { kernelMapIn, recordPhraseKept } from '../account/kernel-map.ts';
import { requireSecure } from '../account/secure-platform.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import { deviceAccounts } from '../device/device-accounts.ts';
import { openSession } from '../opening/open-session.ts';
import { openAsTab } from '../sign-out/open-as-tab.ts';
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

  return openAsTab(platform, accountID, options, async (tabs) => {
    const here = await unlessDeviceFails(device?.remembered(accountID), logger);
    const keyrings = here?.copies.flatMap(({ content }) => content) ?? [];
    // Create the records before the session takes ownership of the seed.
    const label = accountLabel(platform, options);
    const records =
      device && remember !== 'never' && (await phraseRecords(platform, account, label, remember));
    const session = await openSession(platform, { ...account, keyrings }, options, tabs);
    recordPhraseKept(kernelMapIn(session.node, account.genesis.kernelMapID));
    // Store them last, so that a sign-out that ended the opening is final. If that fails, the next start needs the phrase.
    if (records) await unlessDeviceFails(device?.keep(records), logger);
    return session;
  });
}

function anotherAccount(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'These words are not the recovery phrase of the requested account, so nothing was opened. Type the phrase of that account, or sign in without `accountID`.',
  );
}
