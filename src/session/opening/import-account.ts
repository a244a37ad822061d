import type { AvailableCoValueCore, LocalNode, RawCoID, RawCoMap } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import {
  covers,
  knownCountsOfContent,
  knownCountsOfState,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import type { AccountToOpen } from './account-to-open.ts';
import type { Content } from '../account/genesis.ts';
import { isRemoved, recordPasskey, recordPhraseRevealed } from '../account/kernel-map.ts';
import type { OpenNode } from './open-node.ts';
import { passkeyRemoved } from '../passkeys/passkey-removed.ts';
import { waitForRelay } from '../passkeys/wait-for-relay.ts';
import { inTime } from '../sign-out/unsynced-edits.ts';
import { getOrCreateCoValue, loadFromStorage } from '../../engine/covalue-lookup.ts';

/** For everything that is read before the account is open. */
const maxReadMs = 10_000;

/** Resolves with the kernel's map. Rejects with PASSKEY_REMOVED if the account has removed the passkey used. */
export async function importAccount(
  { clock }: Pick<Platform, 'clock'>,
  account: AccountToOpen,
  { node, sync }: Pick<OpenNode, 'node' | 'sync'>,
): Promise<RawCoMap> {
  const { genesis, keyrings, unsaved = [], passkey, isPhraseRevealed, openedBy } = account;
  const { kernelMapID } = genesis;
  const heard = confirmationsOf(sync)?.whenAnswered(kernelMapID);
  const others = [...keyrings, ...unsaved];
  const beganMs = clock.elapsedMs();
  const msLeft = () => Math.max(0, beganMs + maxReadMs - clock.elapsedMs());
  const ids = new Set([...genesis.counts.keys(), ...others.map(({ id }) => id)]);
  const loaded = Promise.all([...ids].map((id) => loadFromStorage(node, id)));
  if (!(await inTime(clock, loaded, msLeft()))) throw unreadable();
  if ([...genesis.counts].some(([id, counts]) => lacks(node, id, counts)))
    importContents(node, await genesis.content());
  importContents(node, others);
  const kernelMap = (
    await untilAvailable(node, kernelMapID, { clock, limitMs: msLeft() })
  ).getCurrentContent() as RawCoMap;
  if (passkey) recordPasskey(kernelMap, passkey);
  if (isPhraseRevealed) recordPhraseRevealed(kernelMap);
  if (openedBy !== undefined) {
    // A relay's backup or another device may have restored the entry; the account has the final say.
    if (heard) await waitForRelay(heard, sync, clock);
    if (isRemoved(kernelMap, openedBy)) throw passkeyRemoved();
  }
  return kernelMap;
}

/** What is stored may refer to a CoValue whose read has failed and is tried again. */
async function untilAvailable(
  node: LocalNode,
  id: string,
  { clock, limitMs }: { readonly clock: Clock; readonly limitMs: number },
): Promise<AvailableCoValueCore> {
  const core = getOrCreateCoValue(node, id);
  const available = new Promise<void>((resolve) => {
    core.subscribe((_, stop) => {
      if (!core.isAvailable()) return;
      stop();
      resolve();
    }, true);
  });
  await inTime(clock, available, limitMs);
  if (core.isAvailable()) return core;
  throw unreadable();
}

function unreadable(): KernelError {
  return createKernelError(
    'STORAGE_UNAVAILABLE',
    'This device’s copy of the account cannot be read at the moment. Reload, then open the account again.',
  );
}

/** Skips content that this device already stores. */
function importContents(node: LocalNode, contents: readonly Content[]): void {
  for (const content of contents) {
    if (lacks(node, content.id, knownCountsOfContent(content)))
      node.syncManager.handleNewContent(content, 'import');
  }
}

function lacks(node: LocalNode, id: RawCoID, counts: KnownCounts): boolean {
  const core = getOrCreateCoValue(node, id);
  // cojson may know what is stored of a CoValue that could not be read.
  const has = core.isAvailable() ? knownCountsOfState(core.knownState()) : {};
  return !core.isDeleted && !covers(has, counts);
}
