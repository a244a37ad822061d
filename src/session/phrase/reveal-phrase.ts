import type { RawCoMap } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { livePasskeys, recordBackup, recordPhraseKept, recordPhraseRevealed } from '../account/kernel-map.ts';
import type { SeedHolder } from '../account/seed-holder.ts';
import { getPasskey } from '../passkeys/ceremonies.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { relyingPartyID } from '../passkeys/passkey-names.ts';
import { requirePasskeys } from '../passkeys/passkey-support.ts';
import type { RevealRecoveryPhrase } from '../session.ts';
import type { SessionOptions } from '../session-options.ts';
import { phraseModule } from './phrase-module.ts';

export function createPhraseReveal(account: {
  readonly platform: Platform;
  readonly kernelMap: RawCoMap;
  readonly seed: SeedHolder;
  readonly options: SessionOptions;
  readonly sync: SyncPeers;
}): RevealRecoveryPhrase {
  const { platform, kernelMap, seed, options, sync } = account;

  /** An open app is not enough: using the passkey proves that the user owns the account. */
  async function askForPasskey(signal: AbortSignal | undefined): Promise<void> {
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

  return async ({ phrase, signal } = {}) => {
    throwIfAborted(signal);
    seed.requireHeld();
    // Load the word list during the prompt: the prompt must open in the task of the click, or the browser blocks it.
    phraseModule.load().catch(() => {});
    if (phrase === undefined) await askForPasskey(signal);
    const { phraseToSeed, seedToPhrase } = await phraseModule.load();
    const typed = phrase === undefined ? undefined : phraseToSeed(phrase);
    throwIfAborted(signal);
    const words = await seed.withSeed((bytes) => {
      if (typed && !typed.every((byte, index) => byte === bytes[index])) throw anotherPhrase();
      if (typed) recordPhraseKept(kernelMap);
      else recordPhraseRevealed(kernelMap);
      return seedToPhrase(bytes);
    });
    await confirmationsOf(sync)?.whenSaved([kernelMap.id]);
    return words;
  };
}

function phraseNeeded(): KernelError {
  return createKernelError(
    'PHRASE_INVALID',
    'This account has no passkey, so its recovery phrase is revealed again only after the user types it. Ask for the phrase, and pass it as `phrase`.',
    { details: { reason: 'length', positions: [] } },
  );
}

function anotherPasskey(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'The passkey that was used does not belong to this account, so its recovery phrase is not revealed. Try again with a passkey of this account.',
  );
}

function anotherPhrase(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'These words are not the recovery phrase of this account. Compare them with what you wrote down.',
  );
}
