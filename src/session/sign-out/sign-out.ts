import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { EditGate } from '../account/edit-gate.ts';
import type { SessionLife } from '../opening/session-life.ts';
import { createRemovals } from './removals.ts';
import { createSessionTabs } from './session-tabs.ts';
import { createSignedOutMark } from './signed-out-mark.ts';
import { together, unsyncedChanges, unsyncedEdits, unsyncedNow, type WantedAt } from './unsynced-edits.ts';

export interface SignOutOptions {
  /** Goes on although changes would be lost. */
  readonly discardUnsynced?: boolean;
  /** Leaves the encrypted data on this device. What has not reached the relay goes there after the next sign-in. */
  readonly keepEncryptedData?: boolean;
}

/** What leaving needs of where it runs. */
export type SignOutPlatform = Pick<
  Platform,
  'clock' | 'random' | 'page' | 'indexedDB' | 'locks' | 'marks' | 'openTabChannel'
>;

export type SignOut = (options?: SignOutOptions) => Promise<void>;

/** A session's way out, and its ear for a sign-out in another tab. */
export interface SignOutHere {
  readonly signOut: SignOut;
  /** With the session. */
  end(): void;
}

export function createSignOut(parts: {
  readonly platform: SignOutPlatform;
  readonly accountID: string;
  readonly sync: SyncPeers;
  readonly edits: EditGate;
  readonly life: () => Pick<SessionLife, 'close'>;
  /** Whether this run leaves anything on the device, or tells other tabs of itself. */
  readonly isKept: boolean;
  readonly logger: Logger;
}): SignOutHere {
  const { platform, accountID, sync, edits, life, isKept, logger } = parts;
  const { clock } = platform;
  const removals = createRemovals(platform, accountID);
  const mark = createSignedOutMark(platform, accountID);
  const here = (wantedAt: WantedAt) => unsyncedEdits(sync, wantedAt, clock);
  const tabs = isKept
    ? createSessionTabs({ platform, accountID, unsynced: here, endHere: closeFor })
    : undefined;
  const stopWatching = isKept ? mark.watch(() => void closeFor('relay')) : () => {};
  let isEnded = false;
  let signingOut: Promise<void> | undefined;

  /** Another tab signs out. What cannot be saved or sent is what is left. */
  async function closeFor(wantedAt: WantedAt) {
    await life()
      .close(signedOutElsewhere())
      .catch((error: unknown) => logger.warn('Not all could be saved before the sign-out', { error }));
    return { ids: unsyncedNow(sync, wantedAt), isWhole: true };
  }

  /** Rejects while the session is still whole, and the account still signed in. */
  async function prepare({ discardUnsynced, keepEncryptedData }: Required<SignOutOptions>): Promise<void> {
    const wantedAt = keepEncryptedData ? 'here' : 'relay';
    const refuseLoss = (error: KernelError | undefined) => {
      if (error && !discardUnsynced) throw error;
    };
    if (!discardUnsynced) {
      const everywhere = await Promise.all([here(wantedAt), ...(tabs ? [tabs.ask(wantedAt)] : [])]);
      refuseLoss(unsyncedChanges(together(everywhere)));
    }
    const allow = edits.refuse(signingOutNow);
    try {
      const own = { ids: unsyncedNow(sync, wantedAt), isWhole: true };
      refuseLoss(unsyncedChanges(own));
      if (tabs) refuseLoss(unsyncedChanges(await tabs.endOthers(wantedAt)));
      if (isKept) await removals.signOff({ keepsData: keepEncryptedData });
    } catch (error) {
      allow();
      throw error;
    }
  }

  async function signOut(options: SignOutOptions): Promise<void> {
    if (isEnded) throw alreadyClosed();
    const { discardUnsynced = false, keepEncryptedData = false } = options;
    await prepare({ discardUnsynced, keepEncryptedData });
    if (isKept) mark.set();
    // From here on the account is signed out, whatever fails.
    await life()
      .close()
      .catch((error: unknown) => logger.warn('Not all could be saved before the sign-out', { error }));
    if (!isKept) return;
    await removals
      .finish()
      .catch((error: unknown) =>
        logger.warn('The account’s data could not be deleted now; the next start tries again', { error }),
      );
  }

  return {
    signOut: (options = {}) =>
      (signingOut ??= signOut(options).catch((error: unknown) => {
        signingOut = undefined;
        throw error;
      })),
    end() {
      isEnded = true;
      stopWatching();
      tabs?.close();
    },
  };
}

function signedOutElsewhere(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'The account was signed out in another tab, which ended this session. Sign in to go on.',
    { details: { isSignedOut: true } },
  );
}

function signingOutNow(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'The account is being signed out, so nothing can be written any more. Sign in again to go on.',
  );
}

function alreadyClosed(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'This session is closed, so it cannot sign out any more. Open the account again, and sign out there.',
  );
}
