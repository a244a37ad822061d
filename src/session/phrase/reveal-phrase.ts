import { confirmationsOf } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { recordPhraseKept, recordPhraseRevealed } from '../account/kernel-map.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { proveOwner, type OpenAccount } from '../passkeys/prove-owner.ts';
import type { RevealRecoveryPhrase } from '../session.ts';
import { phraseModule } from './phrase-module.ts';

export function createPhraseReveal(
  account: OpenAccount & { readonly sync: SyncPeers },
): RevealRecoveryPhrase {
  const { kernelMap, seed, sync } = account;
  return async ({ phrase, signal } = {}) => {
    await proveOwner(account, { phrase, signal });
    const { seedToPhrase } = await phraseModule.load();
    throwIfAborted(signal);
    const words = await seed.withSeed((bytes) => {
      if (phrase === undefined) recordPhraseRevealed(kernelMap);
      else recordPhraseKept(kernelMap);
      return seedToPhrase(bytes);
    });
    await confirmationsOf(sync)?.whenSaved([kernelMap.id]);
    return words;
  };
}
