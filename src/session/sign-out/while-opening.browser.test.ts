import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import {
  anotherTab,
  contentOf,
  countIn,
  endAll,
  expectAwaited,
  pausedSignOut,
} from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';
import { activeSession } from '../active-session.ts';
import { signInWithPhrase } from '../phrase/sign-in-with-phrase.ts';
import { resume } from '../resume.ts';
import type { Session } from '../session.ts';
import { signIn } from '../sign-in.ts';
import { presentTabs } from './tab-presence.ts';
import { until } from '../../../test/support/until.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  await endAll(device);
  localStorage.clear();
});

const offline = { sync: false } as const;

/** A tab that waits until `goOn` when it opens the vault, or when it seals one. */
function pausedTab(step: 'decrypt' | 'encrypt' = 'decrypt') {
  let reached = () => {};
  let goOn = () => {};
  const isThere = new Promise<void>((resolve) => (reached = resolve));
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const subtle = Object.assign(Object.create(crypto.subtle) as SubtleCrypto, {
    encrypt: crypto.subtle.encrypt.bind(crypto.subtle),
    decrypt: crypto.subtle.decrypt.bind(crypto.subtle),
    async [step](...args: Parameters<SubtleCrypto['decrypt']>) {
      reached();
      await gate;
      return crypto.subtle[step](...args);
    },
    generateKey: crypto.subtle.generateKey.bind(crypto.subtle),
    importKey: crypto.subtle.importKey.bind(crypto.subtle),
    deriveBits: crypto.subtle.deriveBits.bind(crypto.subtle),
    digest: crypto.subtle.digest.bind(crypto.subtle),
  });
  return { platform: { ...device.platform, subtle }, isThere, goOn };
}

/** IndexedDB that calls back at each request for a database. */
function countingOpens(opens: (count: number) => void): IDBFactory {
  let count = 0;
  return Object.assign(Object.create(indexedDB) as IDBFactory, {
    deleteDatabase: (name: string) => indexedDB.deleteDatabase(name),
    open(...args: Parameters<IDBFactory['open']>) {
      opens(++count);
      return indexedDB.open(...args);
    },
  });
}

/** Other tabs and databases have a twentieth of the time to react. */
const hurried = () => ({
  ...device.platform,
  clock: { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms / 20, run) },
});

function expectClosed(session: Session | undefined): void {
  if (session) {
    expect(() => rootOf(session).set('late', 1)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
  }
}

async function expectNothingLeft(): Promise<void> {
  expect(activeSession.current).toBeUndefined();
  expect(await device.vaults()).toEqual([]);
  expect(await device.resumed()).toBeUndefined();
  await until(async () => expect(await device.databases.names()).toEqual(['maia-device']));
}

async function resumedOn(platform: TestDevice['platform']): Promise<Session> {
  const session = await resume(platform, offline);
  if (!session) throw new Error('the device remembers no account');
  return session;
}

describe('a sign-out while another tab opens the account', () => {
  test('[ACC-25] waits for that tab, which does not open it', async () => {
    const session = await device.signedUp();
    const tab = pausedTab();
    const resuming = resume(tab.platform, offline);
    await tab.isThere;
    const leaving = session.signOut({ discardUnsynced: true });
    tab.goOn();
    const [resumed] = await Promise.all([resuming, leaving]);
    expect(resumed).toBeUndefined();
    await expectNothingLeft();
  });

  test('[ACC-25] is final, although that tab had read the vault and did not react', async () => {
    await (await device.signedUp()).close();
    const session = await resumedOn(hurried());
    const tab = pausedTab();
    const resuming = resume(tab.platform, offline);
    await tab.isThere;
    await session.signOut({ discardUnsynced: true });
    tab.goOn();
    expect(await resuming).toBeUndefined();
    await expectNothingLeft();
  });

  test('[ACC-25] is final, although that tab was about to seal the seed and did not react', async () => {
    await (await device.signedUp()).close();
    const session = await resumedOn(hurried());
    const phrase = await session.revealRecoveryPhrase();
    const tab = pausedTab('encrypt');
    const signingIn = signInWithPhrase(tab.platform, phrase, offline);
    const rejected = expect(signingIn).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
    await tab.isThere;
    await session.signOut({ discardUnsynced: true });
    tab.goOn();
    await rejected;
    await expectNothingLeft();
  });

  test('[ACC-25] is awaited by a tab that begins to open the account after the others have ended', async () => {
    await (await device.signedUp()).close();
    const tab = pausedSignOut(device);
    const session = await resumedOn(tab.platform);
    tab.begin();
    const leaving = session.signOut({ discardUnsynced: true });
    await tab.isThere;
    const resuming = resume(device.platform, offline);
    const lock = `maia/signing-out/${session.accountID}`;
    await Promise.race([resuming, until(() => expectAwaited(lock))]);
    tab.goOn();
    const [resumed] = await Promise.all([resuming, leaving]);
    await resumed?.close();
    expect(resumed?.accountID).toBeUndefined();
    await expectNothingLeft();
  });

  test('[ACC-25] is final at whichever step of the opening it begins', async () => {
    for (let step = 1; ; step++) {
      const session = await device.signedUp({ anotherAccount: true });
      await untilSaved(session);
      let leaving: Promise<void> | undefined;
      const counted = countingOpens((count) => {
        if (count === step) leaving = session.signOut({ discardUnsynced: true });
      });
      const resumed = await resume({ ...device.platform, indexedDB: counted }, offline);
      if (!leaving) break;
      await leaving;
      expectClosed(resumed);
      await expectNothingLeft();
    }
  });

  test('[ACC-25] is final if the opening begins at any of its steps', async () => {
    for (let step = 1; ; step++) {
      const { accountID } = await device.signedUp({ anotherAccount: true });
      await device.closeAll();
      let resuming: Promise<Session | undefined> | undefined;
      let first = Infinity;
      let total = 0;
      const counted = countingOpens((count) => {
        total = count;
        if (count === first + step) resuming = device.resumed({ accountID }).catch(() => undefined);
      });
      const session = await resumedOn({ ...device.platform, indexedDB: counted });
      await untilSaved(session);
      first = total;
      await session.signOut({ discardUnsynced: true });
      if (!resuming) break;
      expectClosed(await resuming);
      await expectNothingLeft();
    }
  });

  test('[ACC-25] counts a tab that is closing until its last write has ended', async () => {
    const first = await device.signedUp();
    await untilSaved(first);
    const other = await anotherTab(device);
    const present = async () => (await presentTabs(device.platform, first.accountID))?.length;
    const release = await device.databases.hold(contentOf(first), 'segments');
    rootOf(other).set('a', 1);
    const closing = other.close();
    // The browser handles requests in order, so a lock that was released by now is free afterwards.
    await navigator.locks.request('later', () => Promise.resolve());
    await navigator.locks.request('later still', () => Promise.resolve());
    expect(await present()).toBe(2);
    release();
    await closing;
    await until(async () => expect(await present()).toBe(1));
  });
});

describe('a frozen tab that holds the database', () => {
  /** Without a listener for `versionchange`. */
  async function holding(accountID: string): Promise<IDBDatabase> {
    return new Promise((resolve) => {
      const request = indexedDB.open(accountDatabase(accountID).name);
      request.onsuccess = () => resolve(request.result);
    });
  }

  test('[ACC-26] holds up neither the sign-out nor the next start; the data is deleted once it is gone', async () => {
    await (await device.signedUp()).close();
    const session = await resumedOn(hurried());
    const held = await holding(session.accountID);
    await session.signOut({ discardUnsynced: true });
    expect(await resume(hurried(), offline)).toBeUndefined();
    expect(await countIn(device, 'credentials')).toBe(2);
    held.close();
    await expectNothingLeft();
    await until(async () => expect(await countIn(device, 'credentials')).toBe(1));
  });

  test('[ACC-26] holds up no sign-in, although it was frozen while it deleted the data', async () => {
    const { accountID } = await device.signedUp();
    await device.closeAll();
    await device.databases.request('maia-device', 'credentials', (store) =>
      store.put({ credentialID: `removal/${accountID}`, v: 1, accountID, isRemoval: true }),
    );
    let thaw = () => {};
    const frozen = new Promise<void>((resolve) => (thaw = resolve));
    const removing = navigator.locks.request(`maia/removal/${accountID}`, () => frozen);
    const again = await signIn(hurried(), offline);
    expect(await countIn(device, 'credentials')).toBe(1);
    rootOf(again).set('since', 1);
    await again.close();
    thaw();
    await removing;
    expect(rootOf(await device.reloaded()).get('since')).toBe(1);
  });

  test('[ACC-26] does not hold up the next sign-in, which says what to do', async () => {
    await (await device.signedUp()).close();
    const session = await resumedOn(hurried());
    const held = await holding(session.accountID);
    await session.signOut({ keepEncryptedData: true });
    indexedDB.deleteDatabase(contentOf(session)); // As another tab's sign-out has begun to.
    const again = await signIn(hurried(), offline);
    expect(again.storage.current).toMatchObject({
      state: 'memory-only',
      error: { code: 'STORAGE_BLOCKED', message: expect.stringContaining('Close') as string },
    });
    rootOf(again).set('a', 1);
    await again.close();
    held.close();
  });
});
