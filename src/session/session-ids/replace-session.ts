import type { LocalNode } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import { forgetSessions } from '../../storage/forget-sessions.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { Content } from '../account/genesis.ts';
import type { SeedHolder } from '../account/seed-holder.ts';
import type { SessionLife } from '../opening/session-life.ts';
import type { Session } from '../session.ts';
import type { Fork } from './own-forks.ts';
import { unsavedContent } from './unsaved-content.ts';

/** Replaces a session that lost its ID. The new one takes over the unsaved content, without the forks. */
export function createTakeOver(parts: {
  readonly platform: Pick<Platform, 'indexedDB'>;
  readonly accountID: string;
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly storage: DeviceStorage;
  readonly seed: SeedHolder;
  readonly life: Pick<SessionLife, 'replaceBy'>;
  readonly logger: Logger;
  /** Takes ownership of the seed. */
  readonly open: (seed: Uint8Array<ArrayBuffer>, unsaved: readonly Content[]) => Promise<Session>;
}): (forks: readonly Fork[]) => Promise<void> {
  const { platform, accountID, node, sync, storage, seed, life, logger, open } = parts;

  async function forget(forks: readonly Fork[]): Promise<void> {
    if (!platform.indexedDB || forks.length === 0) return;
    try {
      await forgetSessions(platform.indexedDB, accountID, forks);
    } catch (error) {
      // The relay will refuse these transactions again, and the guard then deletes them.
      logger.warn('Content written under a replaced session ID could not be removed from this device', {
        error,
      });
    }
  }

  return (forks) =>
    seed.withSeed((copy) =>
      life.replaceBy(async () => {
        const unsaved = unsavedContent(node, sync, storage, forks);
        // Keep the forks of CoValues whose rewritten content is not saved yet.
        await forget(forks.filter(({ id }) => unsaved.every((content) => content.id !== id)));
        return open(copy.slice(), unsaved);
      }),
    );
}
