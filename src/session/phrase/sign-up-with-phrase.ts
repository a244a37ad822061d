import { silentLogger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { seedLength } from '../account/genesis.ts';
import { requireSecure, type SecurePlatform } from '../account/secure-platform.ts';
import { prepareDevice } from '../device/prepare-device.ts';
import { deviceAccounts } from '../device/device-accounts.ts';
import { openSession } from '../opening/open-session.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import type { Session } from '../session.ts';
import type { SignUpOptions } from '../session-options.ts';
import { openAsTab } from '../sign-out/open-as-tab.ts';
import { requireNoAccount } from '../sign-up/require-no-account.ts';
import { oneSignUpAtATime } from '../sign-up/sign-up-lock.ts';
import { accountLabel, accountOfSeed, phraseRecords } from './phrase-account.ts';
import { phraseModule } from './phrase-module.ts';

interface MadeByPhrase {
  readonly session: Session;
  readonly phrase: string;
}

export async function signUpWithPhrase(anyPlatform: Platform, options: SignUpOptions): Promise<MadeByPhrase> {
  const { signal } = options;
  throwIfAborted(signal);
  const platform = requireSecure(anyPlatform);
  return oneSignUpAtATime(platform, signal, async () => {
    await requireNoAccount(platform, options);
    return signUpAlone(platform, options);
  });
}

async function signUpAlone(platform: SecurePlatform, options: SignUpOptions): Promise<MadeByPhrase> {
  const { signal, remember = 'device', logger = silentLogger } = options;
  const device = (await prepareDevice(platform, remember, logger)) && deviceAccounts(platform);
  const seed = platform.random(seedLength);
  const { seedToPhrase } = await phraseModule.load();
  const phrase = seedToPhrase(seed);
  const account = { ...(await accountOfSeed(platform, seed)), isPhraseRevealed: true };
  throwIfAborted(signal);
  const session = await openAsTab(platform, account.genesis.accountID, options, async (tabs) => {
    if (!device || remember === 'never') return openSession(platform, account, options, tabs);
    const records = await phraseRecords(platform, account, accountLabel(platform, options), remember);
    await device.keep(records);
    try {
      return await openSession(platform, account, options, tabs);
    } catch (error) {
      await device.forget(records);
      throw error;
    }
  });
  return { session, phrase };
}
