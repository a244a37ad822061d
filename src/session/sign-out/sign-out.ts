import { isEqual } from '../../base/equal.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import type { Platform } from '../../platform/platform.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { WriteGate } from '../../engine/session-crypto.ts';
import type { SessionLife } from '../opening/session-life.ts';
import type { SignOut } from '../session.ts';
import type { SignOutOptions } from '../session-options.ts';
import { createRemovals } from './removals.ts';
import { signedOutElsewhere, type SessionTabs } from './session-tabs.ts';
import { whileSigningOut } from './sign-out-lock.ts';
import { createSignedOutMark } from './signed-out-mark.ts';
import {
  inTime,
  together,
  unsyncedChanges,
  unsyncedEdits,
  unsyncedNow,
  type UnsyncedEdits,
  type WantedAt,
} from './unsynced-edits.ts';

export type SignOutPlatform = Pick<
  Platform,
  'clock' | 'random' | 'page' | 'indexedDB' | 'locks' | 'marks' | 'openTabChannel'
>;

/** As long as `close` takes to send what is pending, and shorter than another tab waits for an answer. */
const closingMs = 2_000;

/** The waits before the other tabs are asked again: what a relay confirmed to one tab reaches the others within 150 ms. */
const askAgainMs = [100, 200, 300, 400];

const none: UnsyncedEdits = { ids: [], isWhole: true };

/** Signs a session out, and ends it when another tab signs the account out. */
export interface SignOutHere {
  readonly signOut: SignOut;
  /** Whether a sign-out has begun and was not refused. */
  isLeaving(): boolean;
  /** Called when the session ends. */
  end(): void;
}

export function createSignOut(parts: {
  readonly platform: SignOutPlatform;
  readonly accountID: string;
  readonly sync: SyncPeers;
  readonly edits: WriteGate;
  readonly life: () => Pick<SessionLife, 'close' | 'whenEnded'>;
  /** Undefined if this run does not announce itself to other tabs. The caller closes it when the session has ended. */
  readonly tabs: SessionTabs | undefined;
  /** Whether this run stores anything on the device. */
  readonly isKept: boolean;
  readonly logger: Logger;
}): SignOutHere {
  const { platform, accountID, sync, edits, life, tabs, isKept, logger } = parts;
  const { clock } = platform;
  const removals = createRemovals(platform, accountID);
  const mark = createSignedOutMark(platform, accountID);
  tabs?.serve({ ask: unsynced, hold, end: closeFor });
  const stopWatching = isKept ? mark.watch(() => void closeFor('relay')) : () => {};
  const ending = new AbortController();
  /** Whether the sign-out that succeeded left data on this device. */
  let hasLeftData: boolean | undefined;
  /** The call that has not failed. */
  let latest: { readonly options: Required<SignOutOptions>; readonly outcome: Promise<void> } | undefined;

  async function unsynced(wantedAt: WantedAt): Promise<UnsyncedEdits> {
    if (!ending.signal.aborted) return unsyncedEdits(sync, wantedAt, clock);
    // A session that is ending may still send what it has.
    await inTime(clock, life().whenEnded(), closingMs);
    return unsyncedLeft(wantedAt);
  }

  /** Asks again if only other tabs count edits, because they may not have heard what relays confirmed to this one. */
  async function askOthers(wantedAt: WantedAt): Promise<UnsyncedEdits> {
    let others = (await tabs?.ask(wantedAt)) ?? none;
    for (const ms of askAgainMs) {
      if (!tabs || others.ids.length === 0 || !others.isWhole) break;
      // For `relay`, this also announces what was confirmed.
      if (unsyncedChanges(await unsynced(wantedAt))) break;
      await new Promise<void>((resolve) => clock.after(ms, resolve));
      others = await tabs.ask(wantedAt);
    }
    return others;
  }

  function unsyncedLeft(wantedAt: WantedAt): UnsyncedEdits {
    // A relay that may have lost data lacks more than is counted, but this device keeps it for `here`.
    const isWhole = wantedAt === 'here' || confirmationsOf(sync)?.isSure() !== false;
    return { ids: unsyncedNow(sync, wantedAt), isWhole };
  }

  /** The app may have closed the session with `until`, but a sign-out waits no longer than for an ordinary close. */
  async function end(reason: KernelError | undefined, ended: KernelError): Promise<void> {
    const cancel = clock.after(closingMs, () => confirmationsOf(sync)?.endWaits(ended));
    await life()
      .close(reason)
      .catch((error: unknown) =>
        logger.warn('Some edits had not arrived when the sign-out ended the session', { error }),
      )
      .finally(cancel);
  }

  /** Ends this session for another tab's sign-out. Resolves with the edits that the sign-out would lose. */
  async function closeFor(wantedAt: WantedAt): Promise<UnsyncedEdits> {
    const reason = signedOutElsewhere();
    await end(reason, reason);
    return unsyncedLeft(wantedAt);
  }

  /** Accepts no edits until another tab's sign-out is over. If that tab ended after its last check, this session ends, too. */
  async function hold(wantedAt: WantedAt, over: Promise<void>): Promise<UnsyncedEdits> {
    const allow = edits.refuse(signingOutNow);
    void over.then(async () => {
      const isOut = await retry(removals.isMarked, { clock, signal: ending.signal });
      if (isOut) await closeFor(wantedAt);
      else if (isOut === false) allow();
    });
    return together([await unsynced(wantedAt), unsyncedLeft(wantedAt)]);
  }

  /** If it rejects, the account is still signed in, and the sessions of all tabs are still open. */
  async function prepare({ discardUnsynced, keepEncryptedData }: Required<SignOutOptions>): Promise<void> {
    const wantedAt = keepEncryptedData ? 'here' : 'relay';
    let isWhole = true;
    // A page that the browser freezes may lose the lock that holds the other tabs.
    const stop = platform.page.on('hide', () => (isWhole = false));
    const throwIfUnsynced = async (others: UnsyncedEdits | Promise<UnsyncedEdits> = none) => {
      if (discardUnsynced) return;
      const everywhere = await Promise.all([unsynced(wantedAt), others]);
      // A relay may have lost data in the meantime.
      const error = unsyncedChanges(together([...everywhere, unsyncedLeft(wantedAt), { ids: [], isWhole }]));
      if (error) throw error;
    };
    let allow = () => {};
    try {
      if (!discardUnsynced) await throwIfUnsynced(askOthers(wantedAt));
      allow = edits.refuse(signingOutNow);
      // Checked here once the tabs have answered, because one that closes instead leaves its edits to this device.
      await throwIfUnsynced(await tabs?.holdOthers(wantedAt));
      if (isKept) await removals.signOff({ keepsData: keepEncryptedData });
    } catch (error) {
      allow();
      throw error;
    } finally {
      stop();
    }
  }

  async function signOut(options: Required<SignOutOptions>): Promise<void> {
    if (ending.signal.aborted) throw alreadyClosed();
    await prepare(options);
    if (isKept) mark.set();
    // The account is signed out from here on, whatever fails.
    await tabs?.endOthers(options.keepEncryptedData ? 'here' : 'relay');
    await end(undefined, signingOutNow());
    hasLeftData = isKept && options.keepEncryptedData;
    if (!isKept) return;
    await removals
      .finish()
      .catch((error: unknown) =>
        logger.warn('The account’s data could not be deleted; retrying at the next start', { error }),
      );
  }

  const alone = (run: () => Promise<void>) => (isKept ? whileSigningOut(platform, accountID, run) : run());

  return {
    signOut({ discardUnsynced = false, keepEncryptedData = false } = {}) {
      const options = { discardUnsynced, keepEncryptedData };
      if (latest && isEqual(latest.options, options)) return latest.outcome;
      const begin = async () => {
        if (hasLeftData === undefined || (hasLeftData && !keepEncryptedData))
          await alone(() => signOut(options));
      };
      // What refuses an earlier call may not refuse this one, and it may have kept what this one deletes.
      const outcome = latest ? latest.outcome.then(begin, begin) : begin();
      const begun = (latest = { options, outcome });
      outcome.catch(() => {
        if (latest === begun) latest = undefined;
      });
      return outcome;
    },
    isLeaving: () => latest !== undefined,
    end() {
      ending.abort();
      stopWatching();
    },
  };
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
    'This session is closed, so it cannot sign out. To remove the account’s data from this device, open the account again, then sign out.',
  );
}
