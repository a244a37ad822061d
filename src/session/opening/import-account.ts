import type { LocalNode, RawCoMap } from 'cojson';
import type { Platform } from '../../platform/platform.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import { knownCountsOfContent, knownCountsOfState, covers } from '../../engine/known-counts.ts';
import type { AccountToOpen } from './account-to-open.ts';
import type { Content } from '../account/genesis.ts';
import { isRemoved, recordPasskey, recordPhraseRevealed } from '../account/kernel-map.ts';
import type { OpenNode } from './open-node.ts';
import { passkeyRemoved } from '../passkeys/passkey-removed.ts';
import { waitForRelay } from '../passkeys/wait-for-relay.ts';
import { getOrCreateCoValue, loadFromStorage } from '../../engine/covalue-lookup.ts';

/** Resolves with the kernel's map. Rejects with PASSKEY_REMOVED if the account has removed the passkey used. */
export async function importAccount(
  { clock }: Pick<Platform, 'clock'>,
  account: AccountToOpen,
  { node, sync }: Pick<OpenNode, 'node' | 'sync'>,
): Promise<RawCoMap> {
  const { genesis, keyrings, unsaved = [], passkey, isPhraseRevealed, openedBy } = account;
  const { kernelMapID } = genesis;
  const heard = confirmationsOf(sync)?.whenAnswered(kernelMapID);
  await importContents(node, [...genesis.content, ...keyrings, ...unsaved]);
  const kernelMap = node.expectCoValueLoaded(kernelMapID).getCurrentContent() as RawCoMap;
  if (passkey) recordPasskey(kernelMap, passkey);
  if (isPhraseRevealed) recordPhraseRevealed(kernelMap);
  if (openedBy !== undefined) {
    // A relay's backup or another device may have restored the entry; the account has the final say.
    if (heard) await waitForRelay(heard, sync, clock);
    if (isRemoved(kernelMap, openedBy)) throw passkeyRemoved();
  }
  return kernelMap;
}

/** Skips content that this device already stores. */
async function importContents(node: LocalNode, contents: readonly Content[]): Promise<void> {
  const ids = new Set(contents.map(({ id }) => id));
  await Promise.all([...ids].map((id) => loadFromStorage(node, id)));
  for (const content of contents) {
    const core = getOrCreateCoValue(node, content.id);
    if (!core.isDeleted && !covers(knownCountsOfState(core.knownState()), knownCountsOfContent(content))) {
      node.syncManager.handleNewContent(content, 'import');
    }
  }
}
