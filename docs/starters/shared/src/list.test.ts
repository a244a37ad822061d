import { createTestSession } from '@MaiaOS/kernel/testing';
import { createTestRelay, type TestRelay } from '@MaiaOS/kernel/testing/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as lists from './list.ts';

const timeout = 60_000;

let relay: TestRelay;
beforeAll(async () => {
  relay = await createTestRelay();
}, timeout);
afterAll(() => relay.close());

it('shares a list between two people', { timeout }, async () => {
  const ana = await createTestSession({ relayUrl: relay.url });
  await lists.startList(ana);
  const id = (await ana.load(lists.rootOf(ana))).get('list') as string;
  (await ana.load(id)).set(lists.newKey(), { text: 'Bread', done: false });
  const link = await lists.shareList(ana, id, 'http://localhost:5173/');

  const ben = await createTestSession({ relayUrl: relay.url });
  await ben.acceptInvite(link);
  await lists.openList(ben, id);
  (await ben.load(id)).set(lists.newKey(), { text: 'Milk', done: false });

  const list = ana.watch<lists.Items>(id);
  await new Promise<void>((resolve) => {
    list.subscribe((now) => {
      if (now.state === 'ready' && lists.itemsOf(now.value).length === 2) resolve();
    });
  });
  const texts =
    list.current.state === 'ready' ? lists.itemsOf(list.current.value).map(([, item]) => item.text) : [];
  expect(texts).toEqual(['Bread', 'Milk']);
  await ben.close();
  await ana.close();
});
