import { join } from 'node:path';
import { base58 } from '@scure/base';
import { findSecrets, type Evidence, type Secret } from '../test/secrets/find-secrets.ts';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { recordEverything } from './support/everything/record-everything.ts';
import { noisePicture } from './support/noise-picture.ts';
import * as demo from './support/open-keys/demo-steps.ts';
import { createMarkedWords } from './support/open-keys/marked-words.ts';
import * as session from './support/open-keys/page-session.ts';
import { readRelayRows, taggedInFiles } from './support/open-keys/relay-rows.ts';
import { openAll, publishedKeysIn, secretsIn } from './support/open-keys/thief.ts';
import { expect, test } from './support/test.ts';

/** The places that a thief searches. The pages themselves show private words to their user. */
const places = [
  ...['IndexedDB', 'localStorage', 'sessionStorage', 'cookies', 'Cache', 'relay row'],
  ...['HTTP request', 'HTTP response', 'WebSocket handshake', 'WebSocket sent', 'WebSocket received'],
];

test('all databases and all traffic of a full tour, opened with every key that stands there in the open, hold no private word', async ({
  page,
  context,
  browser,
  world,
  relay,
  devOrigin,
  origins,
}) => {
  test.setTimeout(900_000); // Several minutes on a machine that does nothing else.
  const { word, secrets: allWords, tag } = createMarkedWords();
  const app = createApp(page);
  const mine = await recordEverything(context);
  await mine.watch(page);
  await addAuthenticator(page);
  const guestContext = await browser.newContext();
  const theirs = await recordEverything(guestContext);
  const guest = createApp(await guestContext.newPage());
  await theirs.watch(guest.page);
  await addAuthenticator(guest.page);
  const list = word('list: title');
  // It also names the person for the members of the list.
  const label = word('list: name of the account');

  await test.step('an account, and a list with items', async () => {
    const [first, ticked, deleted] = [
      word('list: item'),
      word('list: ticked item'),
      word('list: deleted item'),
    ];
    await app.open(devOrigin);
    await page.getByRole('textbox', { name: 'Your name (optional)' }).fill(label);
    await app.signUp();
    await app.makeList(word('list: first title'));
    for (const text of [first, ticked, deleted]) await app.addItem(text);
    await app.tick(ticked);
    await app.renameItem(first, word('list: renamed item'));
    await demo.deleteItem(page, deleted);
    await demo.renameList(page, list);
  });
  const listID = demo.idOfOpenList(page);
  const picture = await test.step('a picture', async () => {
    const item = word('list: item with a picture');
    await app.addItem(item);
    const file = { name: 'porch.png', mimeType: 'image/png', buffer: noisePicture(400, 300) };
    await app.putPicture(item, file);
    return demo.piecesOfPicture(app, item);
  });

  await app.untilStored();
  const link = await app.share();
  const invites = [link.split('/').at(-1) ?? ''];
  const guestName = word('list: name of the guest');
  await test.step('a guest joins by the link, and edits', async () => {
    await app.untilStored();
    await guest.page.goto(link);
    await guest.page.getByRole('button', { name: 'Join with a passkey' }).click();
    await expect(guest.page.getByRole('heading', { name: list })).toBeVisible();
    await demo.addAndSee(guest, app, word('list: item of the guest'));
    await demo.nameYourself(guest.page, guestName);
    await guest.makeList(word('guest: title of a list'));
    await guest.addItem(word('guest: item of that list'));
    await guest.untilStored();
  });
  const guestsKey = await session.readKeyOf(guest.page, listID);

  for (const role of ['reader', 'writeOnly', 'writer', 'manager', 'admin'] as const) {
    await test.step(`the guest joins another list by a link for the role ${role}`, async () => {
      const item = word(`item for ${role}`);
      await app.makeList(word(`title for ${role}`));
      await app.addItem(item);
      const id = demo.idOfOpenList(page);
      const invite = await session.inviteTo(page, id, role);
      invites.push(invite);
      await session.untilConfirmed(page);
      await guest.page.goto(`${devOrigin}/#/invite/${id}/${invite}`);
      await expect(guest.page).toHaveURL(new RegExp(`#list/${id}$`));
      if (role === 'writeOnly') {
        await session.writeInto(guest.page, id, word('note of the writeOnly'));
      } else {
        await expect(guest.item(item)).toBeVisible();
        if (role !== 'reader') await demo.addAndSee(guest, app, word(`item of the ${role}`));
      }
      await session.untilConfirmed(guest.page);
    });
  }
  await mine.look(page);
  await theirs.look(guest.page);

  await test.step('the guest is removed from the first list, in which more is written', async () => {
    await app.openList(list);
    await demo.removeMember(page, guestName);
    await app.addItem(word('list: since the removal'));
    await app.untilStored();
  });
  await test.step('a second device', async () => {
    await app.open(origins[0]);
    await app.signIn();
    await app.openList(list);
    await app.addItem(word('list: since the removal, second device'));
    await app.untilStored();
    await mine.look(page);
    await demo.signOut(page, false);
    await mine.look(page);
  });
  await test.step('a deleted list', async () => {
    const title = word('title of the deleted list');
    await app.open(devOrigin);
    await app.makeList(title);
    await app.addItem(word('item of the deleted list'));
    await app.untilStored();
    await demo.deleteList(page, title);
    await app.untilStored();
  });

  const signedOnly = word('signed only');
  await test.step('planted words, which anyone may read', async () => {
    await session.writeInto(page, listID, signedOnly, 'trusting');
    await session.writePublicWords(page, {
      before: word('planted: before everyone'),
      after: word('planted: after everyone'),
      below: word('planted: below everyone'),
      whilePublic: word('planted: while everyone'),
      sincePrivate: word('since everyone'),
      above: word('above everyone'),
    });
    await session.untilConfirmed(page);
  });
  const readKey = await session.readKeyOf(page, listID);
  const agentSecret = await session.agentSecretOf(page);
  const keys = [...(await session.allReadKeysOf(page)), ...(await session.allReadKeysOf(guest.page))];
  await mine.look(page);
  await theirs.look(guest.page);
  await test.step('signing out, with data kept', async () => {
    await demo.signOut(page, true);
    await mine.look(page);
    await guestContext.close();
    await relay.stop();
  });

  const storage = join(world.directory, 'relay.db');
  const seen = [...(await mine.read()), ...(await theirs.read()), ...(await readRelayRows(storage))];
  const evidence = seen.filter(({ place }) => places.includes(kindOf(place))).map(asSent);
  const words = [...allWords(), ...picture];
  const names = (which: (name: string) => boolean) =>
    words
      .map(({ name }) => name)
      .filter(which)
      .toSorted();
  const isPlanted = (name: string) => name.startsWith('planted: ');
  const namesIn = (where: readonly Evidence[]) =>
    [...new Set(findSecrets(words, where).map(({ secret }) => secret))].toSorted();

  await test.step('the thief reads what stands there, and opens what can be opened with it', async () => {
    const readable = findSecrets(words, evidence).map(({ secret, place }) => `${kindOf(place)}: ${secret}`);
    expect([...new Set(readable)].toSorted()).toEqual([
      'IndexedDB: list: name of the account', // A device shows it before anyone signs in.
      'IndexedDB: signed only',
      'WebSocket received: signed only',
      'WebSocket sent: signed only',
      'relay row: signed only',
    ]);
    expect(await taggedInFiles(storage, tag, signedOnly.length - tag.length)).toEqual([signedOnly]);

    const open = secretsIn(evidence);
    expect(open.toSorted()).toEqual(publishedKeysIn(evidence).toSorted());
    const hidden = [...keys, ...invites, ...agentSecret.split('/')].filter(
      (secret) => !open.includes(secret),
    );
    const secrets = [...hidden.map(secretOf), ...(await mine.secrets()), ...(await theirs.secrets())];
    expect(findSecrets(secrets, evidence)).toEqual([]);

    const haul = await openAll(evidence);
    expect(haul.tried).toBeGreaterThan(words.length);
    expect(haul.untried).toEqual([]);
    expect(namesIn(haul.opened)).toEqual(names(isPlanted));
  });

  await test.step('with a secret that the thief does not have, they open what it protects', async () => {
    const openedWith = async (...given: readonly string[]) =>
      namesIn((await openAll(evidence, given)).opened);
    const ofList = (name: string) => isPlanted(name) || name.startsWith('list: ');
    const beforeRemoval = (name: string) => ofList(name) && !name.includes('since the removal');
    expect(await openedWith(readKey)).toEqual(names(ofList));
    expect(await openedWith(guestsKey)).toEqual(names(beforeRemoval));
    expect(await openedWith(invites[0] ?? '')).toEqual(names(beforeRemoval));
    expect(await openedWith(...agentSecret.split('/'))).toEqual(
      names((name) => !name.startsWith('guest: ') && name !== 'signed only'),
    );
  });
});

/** The first word or words of a place. */
function kindOf(place: string): string {
  return place.split(/[:/]/)[0] ?? '';
}

/** Chromium reports the part of a URL after `#`, but does not send it. */
function asSent({ place, content }: Evidence): Evidence {
  if (place !== 'HTTP request: head' || typeof content !== 'string') return { place, content };
  return { place, content: content.replace(/"urlFragment":"[^"]*"/g, '') };
}

/** A secret as cojson writes it. */
function secretOf(text: string): Secret {
  const [name = '', digits = ''] = text.split('_z');
  return { name, bytes: base58.decode(digits) };
}
