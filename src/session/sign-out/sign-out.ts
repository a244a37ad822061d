import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { WriteGate } from '../../engine/session-crypto.ts';
import type { SessionLife } from '../opening/session-life.ts';
import type { SignOut } from '../session.ts';
import type { SignOutOptions } from '../session-options.ts';
import { createRemovals } from './removals.ts';
import { createSessionTabs } from './session-tabs.ts';
import { createSignedOutMark } from './signed-out-mark.ts';
import { together, unsyncedChanges, unsyncedEdits, unsyncedNow, type WantedAt } from './unsynced-edits.ts';

export type SignOutPlatform = Pick<
  Platform,
  'clock' | 'random' | 'page' | 'indexedDB' | 'locks' | 'marks' | 'openTabChannel'
>;

/** Signs a session out, and ends it when another tab signs the account out. */
export interface SignOutHere {
  readonly signOut: SignOut;
  /** Called when the session ends. */
  end(): void;
}

export function createSignOut(parts: {
  readonly platform: SignOutPlatform;
  readonly accountID: string;
  readonly sync: SyncPeers;
  readonly edits: WriteGate;
  readonly life: () => Pick<SessionLife, 'close'>;
  /** Whether this run stores anything on the device, or announces itself to other tabs. */
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

  /** Ends this session for another tab's sign-out. Resolves with the edits that the sign-out would lose. */
  async function closeFor(wantedAt: WantedAt) {
    await life()
      .close(signedOutElsewhere())
      .catch((error: unknown) => logger.warn('Some edits could not be saved before the sign-out', { error }));
    return { ids: unsyncedNow(sync, wantedAt), isWhole: true };
  }

  /** If it rejects, the session is still open and the account still signed in. */
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
      const localEdits = { ids: unsyncedNow(sync, wantedAt), isWhole: true };
      refuseLoss(unsyncedChanges(localEdits));
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
    // The account is signed out from here on, whatever fails.
    await life()
      .close()
      .catch((error: unknown) => logger.warn('Some edits could not be saved before the sign-out', { error }));
    if (!isKept) return;
    await removals
      .finish()
      .catch((error: unknown) =>
        logger.warn('The account’s data could not be deleted; retrying at the next start', { error }),
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
    'The account was signed out in another tab, which ended this session. Sign in again to continue.',
    { details: { isSignedOut: true } },
  );
}

function signingOutNow(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'The account is being signed out, so it accepts no more edits. Sign in again to continue.',
  );
}

function alreadyClosed(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'This session is closed, so it cannot sign out. Open the account again, then sign out.',
  );
}
