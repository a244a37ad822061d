import type { LocalNode, RawCoID, RawCoMap } from 'cojson';
import type { Platform } from '../../platform/platform.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import { coverageOfContent, coverageOfState, covers } from '../../engine/known-counts.ts';
import type { AccountToOpen } from '../account-to-open.ts';
import type { Content } from '../account/genesis.ts';
import { isRemoved, recordPasskey, recordPhraseRevealed } from '../account/kernel-map.ts';
import type { OpenNode } from './open-node.ts';
import { passkeyRemoved } from '../passkeys/passkey-removed.ts';
import { relayHasSpoken } from '../passkeys/relay-has-spoken.ts';

/**
 * Brings an account into its node: what the device has of it is read, what it lacks is imported, and what was just made is
 * recorded. Answers the kernel's map. Rejects with PASSKEY_REMOVED where the account knows that of the passkey it was
 * opened by.
 */
export async function bringInAccount(
  { clock }: Pick<Platform, 'clock'>,
  account: AccountToOpen,
  { node, sync }: Pick<OpenNode, 'node' | 'sync'>,
): Promise<RawCoMap> {
  const { genesis, keyrings, unsaved = [], passkey, isPhraseRevealed, openedBy } = account;
  const { kernelMapID } = genesis;
  const heard = confirmationsOf(sync)?.whenHeard(kernelMapID);
  for (const contents of [genesis.content, keyrings, unsaved]) await bringIn(node, contents);
  const kernelMap = node.expectCoValueLoaded(kernelMapID).getCurrentContent() as RawCoMap;
  if (passkey) recordPasskey(kernelMap, passkey);
  if (isPhraseRevealed) recordPhraseRevealed(kernelMap);
  if (openedBy !== undefined) {
    // Its entry may be back, from a relay's backup or another device. The account knows better.
    if (heard) await relayHasSpoken(heard, sync, clock);
    if (isRemoved(kernelMap, openedBy)) throw passkeyRemoved();
  }
  return kernelMap;
}

/** What stands on the device already is not written again. */
async function bringIn(node: LocalNode, contents: readonly Content[]): Promise<void> {
  const ids = new Set(contents.map(({ id }) => id));
  await Promise.all([...ids].map((id) => loadFromStorage(node, id)));
  for (const content of contents) {
    const core = node.getCoValue(content.id);
    if (!core.isDeleted && !covers(coverageOfState(core.knownState()), coverageOfContent(content))) {
      node.syncManager.handleNewContent(content, 'import');
    }
  }
}

function loadFromStorage(node: LocalNode, id: RawCoID): Promise<boolean> {
  return new Promise((resolve) => node.getCoValue(id).loadFromStorage(resolve));
}
