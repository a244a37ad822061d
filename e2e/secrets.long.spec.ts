import { accountIDOf } from '../test/secrets/account-secrets.ts';
import { findSecrets, type Evidence } from '../test/secrets/find-secrets.ts';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { damageVaults, refuseVaults } from './support/everything/break-device.ts';
import { addFailure, addLog, openKernel } from './support/everything/kernel-in-page.ts';
import { lookAtPanel, openPanel } from './support/everything/look-at-panel.ts';
import { readInspector, recordArrivals } from './support/everything/read-inspector.ts';
import { recordEverything } from './support/everything/record-everything.ts';
import { freePort, serveBareApp } from './support/servers.ts';
import { expect, test } from './support/test.ts';

test('[SEC-7] [DELIV-4] a full tour leaves no secret anywhere', async ({
  page,
  context,
  browser,
  relay,
  devOrigin,
  origins,
}) => {
  test.setTimeout(600_000);
  const everything = await recordEverything(context);
  await everything.watch(page);
  const authenticator = await addAuthenticator(page);
  const app = createApp(page);

  await test.step('an account, edits and a share link', async () => {
    await app.begin(devOrigin, 'Groceries', 'Bread', 'Milk');
    await app.renameItem('Milk', 'Oat milk');
    await app.tick('Bread');
    await app.untilStored();
    await everything.look(page);
  });
  const link = await app.share();

  const guestContext = await browser.newContext();
  const guests = await recordEverything(guestContext);
  await test.step('another account that joins by the link', async () => {
    const guestPage = await guestContext.newPage();
    await guests.watch(guestPage);
    await addAuthenticator(guestPage);
    await guestPage.goto(link);
    await guestPage.getByRole('button', { name: 'Join with a passkey' }).click();
    const guest = createApp(guestPage);
    await guest.addItem('Eggs');
    await guest.untilStored();
    await expect(app.item('Eggs')).toBeVisible();
    await guests.look(guestPage);
  });

  await test.step('the panel, while the relay is gone', async () => {
    await openPanel(page);
    await relay.stop();
    await app.addItem('Tea');
    await lookAtPanel(everything, page);
    await page.reload();
    await app.openList('Groceries');
    await lookAtPanel(everything, page);
    const stopRecording = await recordArrivals(page);
    await relay.start();
    await app.untilStored();
    const recording = await stopRecording();
    expect(recording).toContain('"arrived"');
    everything.add('inspector', [{ path: 'recording', text: recording }]);
    await lookAtPanel(everything, page);
  });

  await test.step('a second device', async () => {
    await app.open(origins[0]);
    await app.signIn();
    await app.openList('Groceries');
    await app.untilStored();
    await everything.look(page);
  });

  let phrase = '';
  let accountID = '';
  const bare = await serveBareApp();
  const address = `localhost:${relay.port}`;
  await test.step('failures to sign in and up, on a third device', async () => {
    await openKernel(page, bare.origin, `localhost:${await freePort()}`);
    await addFailure(everything, page, 'RELAY_UNREACHABLE', () =>
      tour.kernel.signInWithPasskey(tour.options),
    );
    await addLog(everything, page);
    await openKernel(page, bare.origin, address);
    await page.evaluate(async () => {
      tour.session = await tour.kernel.signInWithPasskey(tour.options);
    });
    accountID = await page.evaluate(() => tour.session?.accountID ?? '');
    await addFailure(everything, page, 'PASSKEY_ALREADY_HERE', () =>
      tour.kernel.signUpWithPasskey(tour.options),
    );
  });

  await test.step('passkeys and the phrase', async () => {
    await authenticator.replace(); // As if the phone with the first passkey were lost.
    await page.evaluate(async () => {
      if (!tour.session) throw new Error('Not signed in.');
      const { passkeys } = tour.session;
      const [lost] = await passkeys.list();
      const added = await passkeys.add({ label: 'Second' });
      await passkeys.check(added.id);
      if (lost) await passkeys.remove(lost.id);
    });
    phrase = await page.evaluate(() => tour.session?.revealRecoveryPhrase() ?? '');
    expect(phrase.split(' ')).toHaveLength(24);
    await everything.look(page);
    everything.add('inspector', [{ path: '', text: await readInspector(page) }]);
  });

  await test.step('an agent’s session, and one with a truncated secret', async () => {
    await addFailure(everything, page, 'SEED_UNKNOWN', async () => {
      if (!tour.session) throw new Error('Not signed in.');
      const { accountID, node } = tour.session;
      const options = { ...tour.options, accountID, agentSecret: node.agentSecret };
      const agent = await tour.kernel.openAgentSession(options);
      await agent.revealRecoveryPhrase().finally(() => agent.close());
    });
    await addFailure(everything, page, 'ACCOUNT_INVALID', () => {
      const { accountID = '', node } = tour.session ?? {};
      const agentSecret = node?.agentSecret.slice(0, -1) ?? '';
      return tour.kernel.openAgentSession({ ...tour.options, accountID, agentSecret });
    });
  });

  await test.step('the phrase, typed with and without mistakes', async () => {
    const words = phrase.split(' ');
    for (const typed of [words.toSpliced(3, 1), words.with(5, 'zoom'), words.with(7, 'mistyped')]) {
      await addFailure(
        everything,
        page,
        'PHRASE_INVALID',
        (typed) => tour.kernel.signInWithRecoveryPhrase(typed, tour.options),
        typed.join(' '),
      );
    }
    await page.evaluate(async (phrase) => {
      await tour.session?.close();
      const options = { ...tour.options, remember: 'never' } as const;
      tour.session = await tour.kernel.signInWithRecoveryPhrase(phrase, options);
    }, phrase);
    await everything.look(page);
  });

  await test.step('a damaged vault, and an account that could not be created', async () => {
    await addLog(everything, page);
    await openKernel(page, bare.origin, address);
    await damageVaults(page);
    await addFailure(everything, page, 'VAULT_DAMAGED', () => tour.kernel.resumeSession(tour.options));
    await refuseVaults(page);
    await addFailure(everything, page, 'PASSKEY_ORPHANED', () =>
      tour.kernel.signUpWithPasskey({ ...tour.options, anotherAccount: true }),
    );
    await addLog(everything, page);
    await everything.look(page);
  });

  await test.step('signing out while edits wait for the relay', async () => {
    await page.evaluate(async (accountID) => {
      await navigator.serviceWorker.register('/delivery-worker.ts', { type: 'module' });
      const sync = { ...tour.options.sync, auth: 'account' } as const;
      const options = { ...tour.options, sync, accountID, deliverAfterLastTab: true };
      tour.session = await tour.kernel.signInWithPasskey(options);
    }, accountID);
    // The service worker reads this database and the account's, and stores nothing.
    await expect.poll(() => page.evaluate(plansForWorker)).toEqual([accountID]);
    await relay.stop();
    await page.evaluate(() => tour.session?.node.createGroup().createMap({ name: 'Kept here' }));
    await addFailure(
      everything,
      page,
      'UNSYNCED_CHANGES',
      () => tour.session?.signOut() ?? Promise.resolve(),
    );
    await everything.look(page);
    await page.evaluate(() => tour.session?.signOut({ keepEncryptedData: true }));
    await expect.poll(() => page.evaluate(plansForWorker)).toEqual([]);
    await addLog(everything, page);
    await everything.look(page);
  });

  const own = await everything.secrets();
  const secrets = [...own, ...(await guests.secrets())];
  const evidence = [...(await everything.read()), ...(await guests.read())];

  // Proves that the search looks for the account's real seed and phrase, in all places of the tour.
  const [seed, again] = own.filter(({ name }) => name.endsWith(': seed'));
  expect(again?.bytes).toEqual(seed?.bytes);
  expect(await accountIDOf(seed?.bytes ?? new Uint8Array())).toBe(accountID);
  expect(seed?.words?.join(' ')).toBe(phrase);
  const places = new Set(evidence.map(({ place }) => place.split(/[:/]/)[0]));
  expect([...places].sort()).toEqual(expect.arrayContaining(placesOnTheWay));
  expect(textsIn(evidence, 'IndexedDB')).toContain('a CryptoKey that cannot be exported');
  expect(textsIn(evidence, 'IndexedDB')).not.toContain('a CryptoKey that can be exported');
  expect(textsIn(evidence, 'IndexedDB: maia-deliveries')).toContain(accountID);
  expect(textsIn(evidence, 'unread')).toEqual([]);

  expect(findSecrets(secrets, evidence)).toEqual([]);
  await guestContext.close();
  await bare.close();
});

/**
 * Places in which the tour leaves something. The others stay empty; `planted-secrets.long.spec.ts` proves
 * that they are read.
 */
const placesOnTheWay = [
  ...['HTTP request', 'HTTP response', 'WebSocket handshake', 'WebSocket received', 'WebSocket sent'],
  ...['IndexedDB', 'URL', 'console', 'error', 'history entries', 'inspector', 'log', 'page', 'panel'],
];

function textsIn(evidence: readonly Evidence[], place: string): readonly unknown[] {
  return evidence.filter((each) => each.place.startsWith(place)).map(({ content }) => content);
}

/** The accounts for which tabs have written down where a service worker may send. */
async function plansForWorker(): Promise<readonly IDBValidKey[]> {
  const isThere = (await indexedDB.databases()).some(({ name }) => name === 'maia-deliveries');
  if (!isThere) return [];
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('maia-deliveries');
    opening.onerror = () => reject(new Error('The database cannot be read.', { cause: opening.error }));
    opening.onsuccess = () => {
      const keys = opening.result.transaction('plans').objectStore('plans').getAllKeys();
      keys.onsuccess = () => {
        opening.result.close();
        resolve(keys.result);
      };
    };
  });
}
