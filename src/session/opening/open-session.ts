import type { RawCoMap } from 'cojson';
import { silentLogger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { AccountToOpen } from '../account-to-open.ts';
import { holdSeed, type SeedHolder } from '../account/seed-holder.ts';
import { createSessionCrypto } from '../account/session-crypto.ts';
import { activate } from '../active-session.ts';
import { bringInAccount } from './import-account.ts';
import { createSession } from './create-session.ts';
import { openNode, type OpenNode } from './open-node.ts';
import { managePasskeys } from '../passkeys/manage-passkeys.ts';
import { fetchForLater } from '../phrase/phrase-part.ts';
import { createPhraseReveal } from '../phrase/reveal-phrase.ts';
import { allSavedOf } from '../session-ids/all-saved.ts';
import { goOnAfterPage } from '../session-ids/resume-after-page.ts';
import { guardSessionID } from '../session-ids/guard-session-id.ts';
import { createTakeOver } from '../session-ids/replace-session.ts';
import { createSessionLife, type SessionLife } from './session-life.ts';
import type { Session, SessionOptions } from '../session.ts';
import { createSignOut } from '../sign-out/sign-out.ts';

/** A relay that makes up what it says of a session's id is not to have a page open sessions for ever. */
const mostRetiredIDs = 3;

/**
 * Opens an account in this page, and makes it the active session. Works offline and on an empty device: what the device
 * has is read, and what it lacks of the account's beginning follows from the seed. A page that was set aside meanwhile goes
 * on with its session id, or with a session in this one's place.
 */
export async function openSession(
  platform: Platform,
  account: AccountToOpen,
  options: SessionOptions,
): Promise<Session> {
  const open = await openNode(platform, account, options);
  const seed = holdSeed(account.seed);
  try {
    const kernelMap = await bringInAccount(platform, account, open);
    const session = begin({ platform, account, options, open, seed, kernelMap });
    activate(session);
    return session;
  } catch (error) {
    seed.forget();
    await open.abandon();
    throw error;
  }
}

interface Beginning {
  readonly platform: Platform;
  readonly account: AccountToOpen;
  readonly options: SessionOptions;
  readonly open: OpenNode;
  readonly seed: SeedHolder;
  readonly kernelMap: RawCoMap;
}

/** Begins all that goes on until the session ends. */
function begin(parts: Beginning): Session {
  const { platform, account, options, open, seed, kernelMap } = parts;
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
  const leaving = createSignOut({ platform, accountID, sync, edits, isKept, logger, life: () => life });
  const place = keepPlace({ ...parts, life: () => life });
  const stopFetching = fetchForLater(platform);
  const life = createSessionLife({
    node,
    sync,
    edits,
    end() {
      stopFetching();
      place.end();
      leaving.end();
      managed.end();
      seed.forget();
    },
    ended: place.letGo,
  });
  return createSession({
    node,
    accountID,
    storage,
    sync,
    passkeys: managed.passkeys,
    revealRecoveryPhrase: createPhraseReveal({ platform, kernelMap, seed, sync, options }),
    signOut: leaving.signOut,
    life,
  });
}

/** Keeps the session's id its own. Where it is lost, another session takes this one's place. */
function keepPlace(parts: Beginning & { readonly life: () => Pick<SessionLife, 'replaceBy'> }) {
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
      return openSession(platform, again, options);
    },
  });
  const stopFollowing = goOnAfterPage({
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
    logger,
    isKept: options.remember !== 'never',
    canRetire: retiredBefore < mostRetiredIDs,
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
    letGo: (isWritten: boolean) => lease.letGo(isWritten && isClean() && retiredIDs === retiredBefore),
  };
}
