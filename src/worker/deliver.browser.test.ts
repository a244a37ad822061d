import { LocalNode, type RawGroup } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { ledgerOf } from '../../test/support/storage/facts.ts';
import { openStorage } from '../../test/support/storage/open-storage.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../base/clock.ts';
import type { Content, SessionID } from '../engine/content.ts';
import { knownCountsOfContent } from '../engine/known-counts.ts';
import { sessionLockName } from '../session/session-ids/session-id-lease.ts';
import type { KernelDeviceStorage } from '../storage/kernel-device-storage.ts';
import type { Confirmation } from '../storage/ledger.ts';
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts';
import { deliver, type WorkerPlatform } from './deliver.ts';
import { createDeliveryPlans, type PlannedRelay } from './delivery-plans.ts';

const databases = createDatabases(indexedDB);
const plans = createDeliveryPlans(indexedDB);
const wasm = await WasmCrypto.create();
const relay: PlannedRelay = { relayID: 'r', urls: ['https://r.example/sync', 'https://s.example/sync'] };

let accountID: string;
let storage: KernelDeviceStorage;
let requests: { readonly url: string; readonly headers: Headers; readonly changes: readonly Content[] }[];
let answer: () => Response;
const stored = () => Response.json({ accepted: [] });

beforeEach(async () => {
  accountID = `co_z${wasm.uniquenessForHeader().slice(1)}`;
  requests = [];
  answer = stored;
  storage = await openStorage('kernel', accountID);
  ledgerOf(storage).useRelays(['r']);
  await plans.put({ v: 1, accountID, relays: [relay] });
});
afterEach(async () => {
  await storage.close();
  await databases.delete(`maia-${accountID}`);
  await plans.remove(accountID);
});

function platform(more: Partial<WorkerPlatform> = {}): WorkerPlatform {
  return {
    indexedDB,
    locks: navigator.locks,
    clock: systemClock,
    fetch: async (url, init) => {
      const request = new Request(url, init);
      const { changes } = (await request.json()) as { changes: Content[] };
      requests.push({ url: request.url, headers: request.headers, changes });
      return answer();
    },
    ...more,
  };
}

/** A new group of the account. */
function createGroup(change: (group: RawGroup) => void = () => {}): Content {
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  const group = node.createGroup();
  change(group);
  const [whole] = group.core.newContentSince() ?? [];
  if (!whole) throw new Error('A new group has no content.');
  return JSON.parse(
    JSON.stringify(whole).replaceAll(`"${node.currentSessionID}"`, `"${accountID}_session_zA"`),
  ) as Content;
}

/** Stores content, with what is owed of it. */
async function owe(content: Content = createGroup()): Promise<Content> {
  const debts = Object.entries(knownCountsOfContent(content)).map(([session, count]) => ({
    ...{ id: content.id, session, count },
    sinceMs: 1,
  }));
  ledgerOf(storage).add({ debts });
  storage.store(content, () => undefined);
  await ledgerOf(storage).written();
  return content;
}

const confirm = async (content: Content, sessions = knownCountsOfContent(content)) => {
  const confirmations: Confirmation[] = Object.entries(sessions).map(([session, count]) => ({
    ...{ relayID: 'r', generation: 0, id: content.id },
    ...{ session, count },
  }));
  ledgerOf(storage).add({ confirmations });
  await ledgerOf(storage).written();
};

/** Advances the clock until the delivery is rejected. */
async function rejection(delivery: Promise<void>, clock: FakeClock): Promise<string> {
  let message = '';
  void delivery.catch((error: unknown) => (message = String(error)));
  await until(() => {
    clock.advance(500);
    expect(message).not.toBe('');
  });
  return message;
}

it('[DELIV-1] what is owed is pushed as it is stored, at the first address that answers', async () => {
  const content = await owe();
  const platformOnce = platform();
  await deliver({
    ...platformOnce,
    fetch: (url, init) =>
      new Request(url).url.startsWith('https://r.')
        ? Promise.reject(new TypeError('Failed to fetch'))
        : platformOnce.fetch(url, init),
  });
  expect(requests).toHaveLength(1);
  const [request] = requests;
  expect(request?.url).toBe('https://s.example/sync');
  expect(request?.headers.has('authorization')).toBe(false);
  const { header, new: sessions } = content;
  expect(request?.changes.map(({ id, header, new: its }) => ({ id, header, new: its }))).toEqual([
    { id: content.id, header, new: sessions },
  ]);
  // It settles nothing.
  await deliver(platform());
  expect(requests).toHaveLength(2);
});

it('[DELIV-2] nothing is pushed that the relay has confirmed, or that it has yet to be compared with', async () => {
  const [first, second] = [await owe(), await owe()];
  await confirm(first);
  await confirm(second, { header: 1 });
  await deliver(platform());
  expect(requests[0]?.changes.map(({ id, header }) => [id, header])).toEqual([[second.id, undefined]]);
  await confirm(second);
  await deliver(platform());
  expect(requests).toHaveLength(1);
  await owe();
  await databases.request(`maia-${accountID}`, 'relay-records', (store) =>
    store.put({ configuredMs: 1, refill: true }, 'r'),
  );
  await deliver(platform());
  expect(requests).toHaveLength(1);
});

it('[DELIV-2] what the relay’s record has is not pushed either, so that its loss is found', async () => {
  const content = await owe();
  const [sessionID] = Object.keys(content.new) as SessionID[];
  const record = { configuredMs: 1, confirmed: [{ id: content.id, sessionID, count: 0 }] };
  await databases.request(`maia-${accountID}`, 'relay-records', (store) => store.put(record, 'r'));
  await deliver(platform());
  expect(requests[0]?.changes.map(({ header }) => header)).toEqual([undefined]);
});

it('[DELIV-3] a tab that has the account open sends it, until it is closed', async () => {
  await owe();
  const clock = createFakeClock();
  let close = () => {};
  const isOpen = new Promise<void>((opened) => {
    void navigator.locks.request(sessionLockName(`${accountID}_session_zB` as SessionID), () => {
      opened();
      return new Promise<void>((end) => (close = end));
    });
  });
  await isOpen;
  expect(await rejection(deliver(platform({ clock })), clock)).toContain('A tab has the account open');
  expect(requests).toEqual([]);
  const delivery = deliver(platform({ clock }));
  await until(() => expect(clock.waiting).toBeGreaterThan(0));
  close();
  await until(() => {
    clock.advance(500);
    expect(requests).toHaveLength(1);
  });
  await delivery;
});

it('[DELIV-3] a tab that owes nothing holds up the worker only for a moment', async () => {
  const clock = createFakeClock();
  let close = () => {};
  await new Promise<void>((opened) => {
    void navigator.locks.request(sessionLockName(`${accountID}_session_zB` as SessionID), () => {
      opened();
      return new Promise<void>((end) => (close = end));
    });
  });
  let hasEnded = false;
  void deliver(platform({ clock })).then(() => (hasEnded = true));
  await until(() => {
    clock.advance(500);
    expect(hasEnded).toBe(true);
  });
  expect(requests).toEqual([]);
  close();
});

it('[DELIV-4] a ticket is sent in a header, with nothing but what the account has signed', async () => {
  const content = await owe();
  const other = JSON.parse(JSON.stringify(await owe()).replaceAll(accountID, 'co_zOther')) as Content;
  storage.store({ ...other, id: content.id }, () => undefined);
  await plans.keepTicket(accountID, 'r', { token: 'ticket', sinceMs: 1 });
  await deliver(platform());
  expect(requests[0]?.headers.get('authorization')).toBe('Bearer ticket');
  for (const { new: sessions } of requests[0]?.changes ?? [])
    expect(Object.keys(sessions)).toEqual([`${accountID}_session_zA`]);
});

it('[DELIV-4] what tabs have written down is deleted with the account', async () => {
  await owe();
  await storage.close();
  await databases.delete(`maia-${accountID}`);
  await deliver(platform());
  expect(await plans.get(accountID)).toBeUndefined();
  expect(requests).toEqual([]);
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(`maia-${accountID}`);
});

it.each([
  ['is unreachable', () => Promise.reject(new TypeError('Failed to fetch'))],
  ['is busy', () => Promise.resolve(new Response('{}', { status: 429 }))],
  ['has no storage', () => Promise.resolve(new Response('{}', { status: 503 }))],
  ['is a page of the network', () => Promise.resolve(new Response('<h1>Sign in</h1>'))],
])('[DELIV-6] rejects if the relay %s, so that the browser tries again', async (_, fetch) => {
  await owe();
  const clock = createFakeClock();
  expect(await rejection(deliver(platform({ clock, fetch })), clock)).toContain('The browser tries again');
});

it('[DELIV-6] what depends on something that is owed later is sent after it, and holds up nothing else', async () => {
  const parent = createGroup();
  const child = await owe(createGroup((group) => void group.set('root', parent.id as never, 'trusting')));
  for (let count = 0; count < 60; count++) await owe();
  await owe(parent);
  const atRelay = new Set<string>();
  answer = () => {
    const ids = requests.at(-1)?.changes.map(({ id }) => id) ?? [];
    if (ids.includes(child.id) && ![...atRelay, ...ids].includes(parent.id))
      return Response.json({ error: { code: 'dependency', message: '' }, ids: [parent.id] }, { status: 422 });
    for (const id of ids) atRelay.add(id);
    return stored();
  };
  await deliver(platform());
  expect(atRelay.size).toBe(62);
  expect(requests.map(({ changes }) => changes.length)).toEqual([50, 49, 12, 1]);
  // An answer that names nothing of what was pushed is no reason to go on.
  atRelay.clear();
  answer = () =>
    Response.json({ error: { code: 'dependency', message: '' }, ids: [parent.id] }, { status: 422 });
  requests = [];
  await deliver(platform());
  expect(requests).toHaveLength(2);
});

it.each([...[400, 401, 403, 404, 422].map((status) => [status, 'any'] as const), [429, 'quota'] as const])(
  '[DELIV-6] leaves to the next tab what is answered with %d',
  async (status, code) => {
    await owe();
    answer = () => Response.json({ error: { code, message: '' } }, { status });
    await deliver(platform());
    expect(requests).toHaveLength(1);
  },
);
