import type { RawCoMap } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { livePasskeys, recordBackup } from '../account/kernel-map.ts';
import type { SeedHolder } from '../account/seed-holder.ts';
import { phraseModule } from '../phrase/phrase-module.ts';
import type { SessionOptions } from '../session-options.ts';
import { getPasskey } from './ceremonies.ts';
import { throwIfAborted } from './ceremony-errors.ts';
import { relyingPartyID } from './passkey-names.ts';
import { requirePasskeys } from './passkey-support.ts';

export interface OpenAccount {
  readonly platform: Platform;
  readonly kernelMap: RawCoMap;
  readonly seed: SeedHolder;
  readonly options: SessionOptions;
}

/**
 * An open app is not enough: the user proves that they own the account, by one prompt for its passkey, or by typing its phrase.
 * Call it in the task of a click, or the browser blocks the prompt.
 */
export async function proveOwner(
  account: OpenAccount,
  { phrase, signal }: { readonly phrase: string | undefined; readonly signal: AbortSignal | undefined },
): Promise<void> {
  throwIfAborted(signal);
  account.seed.requireHeld();
  // During the prompt.
  phraseModule.load().catch(() => {});
  if (phrase === undefined) return askForPasskey(account, signal);
  const typed = (await phraseModule.load()).phraseToSeed(phrase);
  throwIfAborted(signal);
  await account.seed.withSeed((bytes) => {
    if (!typed.every((byte, index) => byte === bytes[index])) throw anotherPhrase();
  });
}

async function askForPasskey(
  { platform, kernelMap, seed, options }: OpenAccount,
  signal: AbortSignal | undefined,
): Promise<void> {
  const allowCredentialIDs = livePasskeys(kernelMap).map(({ credentialID }) => credentialID);
  if (allowCredentialIDs.length === 0) throw phraseNeeded();
  await requirePasskeys(platform);
  const rpID = relyingPartyID(platform, options);
  const { credentialID, prfOutput, backup } = await getPasskey(platform, {
    rpID,
    signal,
    allowCredentialIDs,
  });
  prfOutput.fill(0);
  if (!allowCredentialIDs.includes(credentialID)) throw anotherPasskey();
  seed.requireHeld();
  if (backup) recordBackup(kernelMap, credentialID, backup);
}

function phraseNeeded(): KernelError {
  return createKernelError(
    'PHRASE_INVALID',
    'This account has no passkey. Its recovery phrase shows that it is the user’s, so this goes on only after the user types it. Ask for the phrase, and pass it as `phrase`.',
    { details: { reason: 'length', positions: [] } },
  );
}

function anotherPasskey(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'The passkey that was used does not belong to this account, so nothing was done. Try again with a passkey of this account.',
  );
}

function anotherPhrase(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'These words are not the recovery phrase of this account. Compare them with what you wrote down.',
  );
}
