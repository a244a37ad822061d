import type { LocalNode, RawCoMap } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { RelayMemory } from '../../storage/remembered-relay.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { readSignedReceipt } from '../../wire/receipt.ts';
import { compareReceipts } from './compare-receipts.ts';
import { contradicted } from './contradiction-error.ts';
import { recordsIn } from './receipt-records.ts';

/** Compares the receipts of the session's relays until the session ends. Returns a function that stops it. */
export function followReceipts(options: {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly kernelMap: RawCoMap;
  readonly memory: RelayMemory;
  readonly platform: Pick<Platform, 'clock'>;
  readonly logger: Logger;
}): () => void {
  const { node, memory, platform, logger } = options;
  const receipts = confirmationsOf(options.sync)?.receipts;
  if (!receipts) return () => {};
  let kernelMap = options.kernelMap;
  const comparison = compareReceipts({
    crypto: node.crypto,
    records: recordsIn(() => kernelMap),
    device: {
      read: async (relayID) => readSignedReceipt((await memory.read(relayID))?.receipt),
      write: (relayID, receipt) => memory.write(relayID, { receipt }),
    },
    newSalt: () => node.crypto.uniquenessForHeader(),
    challenge: receipts.challenge,
    contradicted: (relayID, found, isNews) =>
      receipts.contradicted(relayID, found, isNews ? contradicted(relayID, found) : undefined),
    clock: platform.clock,
    logger,
  });
  // Not before the app has the session, or it could not listen to what the account's record proves at once.
  const cancel = platform.clock.after(0, () => receipts.follow(comparison));
  const unsubscribe = kernelMap.subscribe((current) => {
    kernelMap = current;
    comparison.recordsChanged();
  });
  return () => {
    cancel();
    unsubscribe();
    comparison.end();
  };
}
