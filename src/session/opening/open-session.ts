import type { RawCoMap } from 'cojson';
import { createAppCalls } from '../../app/create-app-calls.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { AccountToOpen } from './account-to-open.ts';
import { holdSeed, type SeedHolder } from '../account/seed-holder.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { activate } from '../active-session.ts';
import { followAfterLastTab } from '../after-last-tab/after-last-tab.ts';
import { importAccount } from './import-account.ts';
import { createSession } from './create-session.ts';
import { fetchForLater } from './fetch-for-later.ts';
import { createAccountErasure } from '../erasure/account-erasure.ts';
import { openNode, type OpenNode } from './open-node.ts';
import { managePasskeys } from '../passkeys/manage-passkeys.ts';
import { phraseModule } from '../phrase/phrase-module.ts';
import { followReceipts } from '../receipts/follow-receipts.ts';
import { createPhraseReveal } from '../phrase/reveal-phrase.ts';
import { allSavedOf } from '../session-ids/all-saved.ts';
import { resumeAfterPage } from '../session-ids/resume-after-page.ts';
import { guardSessionID } from '../session-ids/guard-session-id.ts';
import { createTakeOver } from '../session-ids/replace-session.ts';
import { addOpenSession } from './shared-openings.ts';
import { createSessionLife, type SessionLife } from './session-life.ts';
import type { Session } from '../session.ts';
import type { SessionOptions } from '../session-options.ts';
import { openAsTab } from '../sign-out/open-as-tab.ts';
import type { SessionTabs } from '../sign-out/session-tabs.ts';
import { createSignOut } from '../sign-out/sign-out.ts';

/**
 * Opens a session, even offline or on an empty device, and makes it active. After a freeze, it continues or is replaced.
 * The session takes over `tabs`, which `openAsTab` gives.
 */
export async function openSession(
  platform: Platform,
  account: AccountToOpen,
  options: SessionOptions,
  tabs: SessionTabs | undefined,
): Promise<Session> {
  tabs?.throwIfSignedOut();
  const open = await openNode(platform, account, options);
  const seed = holdSeed(account.seed);
  try {
    const kernelMap = await importAccount(platform, account, open);
    tabs?.throwIfSignedOut();
    const session = begin({ platform, account, options, tabs, open, seed, kernelMap });
    activate(session);
    return session;
  } catch (error) {
    seed.forget();
    await open.abandon();
    throw error;
  }
}

interface SessionParts {
  readonly platform: Platform;
  readonly account: AccountToOpen;
  readonly options: SessionOptions;
  readonly tabs: SessionTabs | undefined;
  readonly open: OpenNode;
  readonly seed: SeedHolder;
  readonly kernelMap: RawCoMap;
}

/** Starts everything that runs until the session ends. */
function begin(parts: SessionParts): Session {
  const { platform, account, options, tabs, open, seed, kernelMap } = parts;
  const { node, storage, sync } = open;
  const { crypto, genesis, passkey, openedBy } = account;
  const { accountID } = genesis;
  const { edits } = crypto;
  const { logger = silentLogger } = options;
  const usedHere = openedBy ?? passkey?.credentialID;
  const managed = managePasskeys({
    platform,
    node,
    crypto,
    accountID,
    kernelMap,
    sync,
    seed,
    options,
    logger,
    usedHere,
    openedBy,
  });
  const isKept = options.remember !== 'never';
  const leaving = createSignOut({ platform, accountID, sync, edits, tabs, isKept, logger, life: () => life });
  const place = keepPlace({ ...parts, life: () => life });
  const endDeliveries =
    options.deliverAfterLastTab === true && options.sync !== false
      ? followAfterLastTab({ platform, node, accountID, storage, sync, options: options.sync ?? {}, logger })
      : () => {};
  const endReceipts = followReceipts({ ...{ node, sync, kernelMap, platform, logger }, memory: open.memory });
  const app = createAppCalls({
    ...{ node, accountID, sync, storage },
    ...{ clock: platform.clock, page: platform.page, subtle: platform.subtle },
  });
  const stopFetching = fetchForLater(platform, () => phraseModule.load(), app.fetch);
  const life = createSessionLife({
    node,
    sync,
    edits,
    end() {
      removeOpen();
      stopFetching();
      endDeliveries(leaving.isLeaving());
      endReceipts();
      app.close();
      place.end();
      leaving.end();
      managed.end();
      seed.forget();
    },
    ended: place.release,
    left: () => tabs?.close(),
  });
  const session = createSession({
    node,
    accountID,
    storage,
    sync,
    passkeys: managed.passkeys,
    revealRecoveryPhrase: createPhraseReveal({ platform, kernelMap, seed, sync, options }),
    signOut: leaving.signOut,
    erasure: createAccountErasure({ platform, kernelMap, seed, options, node, signOut: leaving.signOut }),
    calls: app.calls,
    life,
  });
  const removeOpen = addOpenSession(session, leaving.isLeaving);
  return session;
}

/** Guards the session ID. If it is lost, another session replaces this one. */
function keepPlace(parts: SessionParts & { readonly life: () => Pick<SessionLife, 'replaceBy'> }) {
  const { platform, account, options, open, seed, life } = parts;
  const { node, storage, sync, lease } = open;
  const { genesis, keyrings, passkey } = account;
  const { logger = silentLogger } = options;
  const isClean = allSavedOf(sync, storage);
  const retiredBefore = account.retiredIDs ?? 0;
  let retiredIDs = retiredBefore;

  const takeOver = createTakeOver({
    platform,
    accountID: genesis.accountID,
    node,
    sync,
    storage,
    seed,
    life: { replaceBy: (opening) => life().replaceBy(opening) },
    logger,
    async open(copy, unsaved) {
      const crypto = await createSessionCrypto();
      const again = { crypto, genesis, keyrings, passkey, seed: copy, unsaved, retiredIDs };
      return openAsTab(platform, genesis.accountID, options, (tabs) =>
        openSession(platform, again, options, tabs),
      );
    },
  });
  const stopFollowing = resumeAfterPage({
    page: platform.page,
    lease,
    isClean,
    edits: account.crypto.edits,
    onLost: () => void takeOver([]),
  });
  const stopGuarding = guardSessionID({
    platform,
    node,
    sync,
    transports: options.sync ? options.sync.transports : undefined,
    logger,
    isKept: options.remember !== 'never',
    retiredIDs: retiredBefore,
    retire() {
      retiredIDs++;
      open.retire();
    },
    onRetired: takeOver,
  });

  return {
    end() {
      stopFollowing();
      stopGuarding();
    },
    release: (isWritten: boolean) => lease.release(isWritten && isClean() && retiredIDs === retiredBefore),
  };
}
