import { createGenesis, seedLength } from '../account/genesis.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { createSessionCrypto, type SessionCrypto } from '../../engine/session-crypto.ts';
import { deviceAccounts } from '../device/device-accounts.ts';
import { createDeviceRecords, type StorableAccount } from '../device/create-device-records.ts';
import { createKeyringContent } from '../keyring/keyring-content.ts';
import { sealEntry } from '../keyring/keyring-entry.ts';
import { deriveKeyringKeys } from '../keyring/keyring-keys.ts';
import { openSession } from '../opening/open-session.ts';
import { passkeyOrphaned, throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { dropPasskey, type NewPasskey, type NewPasskeyCeremony } from '../passkeys/new-passkey.ts';
import { openAsTab } from '../sign-out/open-as-tab.ts';
import type { Session } from '../session.ts';
import type { SignUpOptions } from '../session-options.ts';

/** Creates the account of a new passkey and opens it. On failure, undoes it and reports what becomes of the passkey. */
export async function completeSignUp({
  ceremony,
  passkey,
  options,
  keeps,
}: {
  readonly ceremony: NewPasskeyCeremony & { readonly platform: SecurePlatform };
  readonly passkey: NewPasskey;
  readonly options: SignUpOptions;
  /** False if this device should not or cannot store the account. */
  readonly keeps: boolean;
}): Promise<Session> {
  const { platform, rpID, signal, unfinished } = ceremony;
  const { remember = 'device' } = options;
  const { credentialID, label } = passkey;
  const device = keeps ? deviceAccounts(platform) : undefined;
  let isKept = false;
  try {
    throwIfAborted(signal);
    const account = await createAccount(platform, await createSessionCrypto(), passkey);
    const { accountID } = account.genesis;
    return await openAsTab(platform, accountID, options, async (tabs) => {
      const open = async () => {
        const session = await openSession(platform, account, options, tabs);
        unfinished.finished(credentialID);
        return session;
      };
      if (!device || remember === 'never') return open();
      const records = await createDeviceRecords(platform, account, { credentialID, rpID, label }, remember);
      await device.keep(records);
      isKept = true;
      try {
        return await open();
      } catch (error) {
        await device.forget(records);
        isKept = false;
        throw error;
      }
    });
  } catch (error) {
    // If `forget` failed, the account is complete and the next start opens it, so its passkey is not orphaned.
    if (isKept) throw error;
    throw passkeyOrphaned({ credentialID, label }, error, await dropPasskey(ceremony, passkey));
  }
}

/** Creates everything that makes up a new account, and stores none of it. */
async function createAccount(
  platform: SecurePlatform,
  crypto: SessionCrypto,
  { credentialID, prfOutput, prfFrom, label, createdAtMs, facts }: NewPasskey,
): Promise<StorableAccount> {
  const seed = platform.random(seedLength);
  const genesis = await createGenesis(crypto, platform.subtle, seed);
  const keyring = await deriveKeyringKeys(crypto, platform.subtle, prfOutput);
  const entry = await sealEntry(platform, keyring, { seed, accountID: genesis.accountID });
  return {
    crypto,
    seed,
    genesis,
    mapID: keyring.mapID,
    keyrings: createKeyringContent(crypto, keyring, entry),
    passkey: {
      credentialID,
      label,
      createdAtMs,
      removalSecret: keyring.agentSecret,
      prfFrom,
      ...(facts && { facts }),
    },
  };
}
