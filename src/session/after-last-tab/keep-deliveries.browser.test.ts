import type { LocalNode } from 'cojson';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Page, PageEvent } from '../../platform/platform.ts';
import type { WorkerRegistration } from '../../platform/service-workers.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createDeliveryPlans } from '../../worker/delivery-plans.ts';
import { isDelivered } from '../../worker/delivered-nodes.ts';
import { answer, isQuestion } from '../../worker/handshake.ts';
import { keepDeliveries } from './keep-deliveries.ts';

const databases = createDatabases(indexedDB);
const plans = createDeliveryPlans(indexedDB);
const accountID = 'co_zAccount';
const url = 'wss://r.example/sync';
const hourMs = 60 * 60_000;

let clock: FakeClock;
let tags: string[];
let requests: { readonly url: string; readonly headers: Headers; readonly body: unknown }[];
let status: number;
let end: ((isSignedOut: boolean) => void) | undefined;
beforeEach(() => {
  clock = createFakeClock();
  tags = [];
  requests = [];
  status = 200;
});
afterEach(async () => {
  end?.(false);
  end = undefined;
  await databases.delete('maia-deliveries');
});

const withHelper: WorkerRegistration = {
  active: {
    postMessage(message, [port]) {
      if (isQuestion(message) && port instanceof MessagePort) port.postMessage(answer);
    },
  },
  sync: { register: (tag) => Promise.resolve(void tags.push(tag)) },
};

function begin(registration: WorkerRegistration, options: SyncOptions = { url }) {
  const node = {} as LocalNode;
  const listeners = new Map<PageEvent, () => void>();
  let state = {
    status: 'confirmed',
    confirmed: { pending: 0 },
    peers: [{ id: 'r.example', url, phase: 'connected' }],
  };
  let changed = () => {};
  const sync = {
    get current() {
      return state;
    },
    subscribe(listener: () => void) {
      changed = listener;
      listener();
      return () => {};
    },
  } as unknown as SyncPeers;
  const page = {
    on(event: PageEvent, listener: () => void) {
      listeners.set(event, listener);
      return () => void listeners.delete(event);
    },
  } as Page;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    requests.push({ url: request.url, headers: request.headers, body: await request.json() });
    return Response.json({ token: 'ticket', expiresInMs: 24 * hourMs }, { status });
  };
  end = keepDeliveries({
    ...{ platform: { clock, page, fetch, indexedDB }, node, accountID, sync, options },
    storage: { status: { current: { kind: 'kernel', state: 'ok' }, subscribe: () => () => {} } },
    logger: silentLogger,
    workers: { ready: Promise.resolve(registration) },
  });
  return {
    node,
    fire: (event: PageEvent) => listeners.get(event)?.(),
    isFollowing: () => listeners.has('hide'),
    set(pending: number, phase: string, its = 'syncing') {
      state = { status: its, confirmed: { pending }, peers: [{ id: 'r.example', url, phase }] };
      changed();
    },
  };
}

const token = { token: () => Promise.resolve('token') };
const ticketOf = async () => (await plans.get(accountID))?.relays[0]?.ticket;

describe('without what it takes', () => {
  it.each([
    ['Background Sync', { active: withHelper.active }],
    ['a service worker that delivers', { ...withHelper, active: { postMessage() {} } }],
    ['a service worker', { ...withHelper, active: null }],
  ])('[DELIV-7] without %s, nothing is written down', async (_, registration) => {
    const { isFollowing } = begin(registration);
    await until(() => {
      clock.advance(20_000);
      expect(clock.waiting).toBe(0);
    });
    expect(isFollowing()).toBe(false);
    expect(await databases.names()).not.toContain('maia-deliveries');
  });
});

describe('with it', () => {
  it('[DELIV-1] the browser starts the worker for edits without a connection, or in a page that is left', async () => {
    const { node, set, fire, isFollowing } = begin(withHelper, {
      url: [url, 'wss://s.example/sync'],
      appVersion: '1.0',
    });
    await until(() => expect(isFollowing()).toBe(true));
    expect(await plans.all()).toEqual([
      {
        ...{ v: 1, accountID },
        relays: [
          {
            relayID: 'r.example',
            urls: ['https://r.example/sync', 'https://s.example/sync'],
            appVersion: '1.0',
          },
        ],
      },
    ]);
    fire('hide');
    set(1, 'connected');
    expect(tags).toEqual([]);
    fire('hidden');
    expect(tags).toEqual(['maia/delivery']);
    set(1, 'connected');
    set(1, 'waiting');
    set(2, 'waiting');
    await until(() => expect(isDelivered(node)).toBe(true));
    expect(tags).toHaveLength(2);
    set(0, 'connected');
    expect(isDelivered(node)).toBe(false);
    set(1, 'paused', 'paused');
    fire('hide');
    expect(tags).toHaveLength(2);
    set(1, 'offline');
    expect(tags).toHaveLength(3);
    end?.(false);
    expect(isDelivered(node)).toBe(false);
    expect(await plans.get(accountID)).toBeDefined();
  });

  it('[DELIV-4] signing out deletes what was written down', async () => {
    const { isFollowing } = begin(withHelper);
    await until(() => expect(isFollowing()).toBe(true));
    end?.(true);
    await until(async () => expect(await plans.all()).toEqual([]));
    await plans.keepTicket(accountID, 'r.example', { token: 'late', sinceMs: 1 });
    expect(await plans.all()).toEqual([]);
  });

  it('[DELIV-5] the user of a token gets a ticket, and another one after twelve hours', async () => {
    const first = begin(withHelper, { url, auth: token });
    await until(async () => expect(await ticketOf()).toMatchObject({ token: 'ticket' }));
    expect(requests[0]).toMatchObject({
      url: 'https://r.example/sync/token',
      body: { scope: 'push', accountID },
    });
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer token');
    end?.(false);
    // The next start has the same ticket.
    const { set, isFollowing } = begin(withHelper, { url, auth: token });
    await until(() => expect(isFollowing()).toBe(true));
    expect(first.isFollowing()).toBe(false);
    await until(() => {
      clock.advance(hourMs);
      set(0, 'connected');
      expect(requests).toHaveLength(2);
    });
    expect(clock.elapsedMs()).toBeGreaterThanOrEqual(12 * hourMs);
  });

  it('[DELIV-5] a relay that gives no ticket is asked again twelve hours later, one that fails sooner', async () => {
    status = 404;
    begin(withHelper, { url, auth: token });
    await until(async () => expect(await ticketOf()).toEqual({ sinceMs: expect.any(Number) as number }));
    end?.(false);
    await plans.remove(accountID);
    status = 503;
    const { set } = begin(withHelper, { url, auth: token });
    const beganMs = clock.elapsedMs();
    await until(() => {
      clock.advance(60_000);
      set(0, 'connected');
      expect(requests).toHaveLength(3);
    });
    expect(clock.elapsedMs() - beganMs).toBeLessThan(hourMs);
    expect(await ticketOf()).toBeUndefined();
  });

  it('[DELIV-4] a ticket is never asked for, or sent, without encryption', async () => {
    const open = 'ws://r.example/sync';
    const { isFollowing } = begin(withHelper, { url: [url, open], auth: token });
    await until(() => expect(isFollowing()).toBe(true));
    expect((await plans.get(accountID))?.relays[0]?.urls).toEqual(['https://r.example/sync']);
  });
});
