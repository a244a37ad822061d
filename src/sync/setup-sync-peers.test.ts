import { afterEach, describe, expect, it, vi } from 'vitest';
import { createReadable } from '../base/readable.ts';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { setupSyncPeers } from './setup-sync-peers.ts';
import { createSubscribeSyncState } from './subscribe-sync-state.ts';
import type { SyncOptions, SyncPeers } from './sync-peers.ts';
import { startMemorySync } from '../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const nowhere = 'ws://127.0.0.1:9/sync';

async function sessionNode(url: string | undefined) {
  const node = await createAgentNode();
  const sync = startMemorySync(node, url === undefined ? false : { url });
  ends.push(() => sync.close());
  return { node, sync };
}

describe('setupSyncPeers on a node that syncs', () => {
  it('returns the existing sync for the same relay, however the address is written', async () => {
    const { node, sync } = await sessionNode(nowhere);
    expect(setupSyncPeers({ node, url: nowhere })).toBe(sync);
    expect(setupSyncPeers({ node, url: 'http://127.0.0.1:9' })).toBe(sync);
  });

  it('refuses another relay', async () => {
    const { node } = await sessionNode(nowhere);
    expect(() => setupSyncPeers({ node, url: 'ws://127.0.0.1:10/sync' })).toThrow(
      expect.objectContaining({ code: 'SYNC_ALREADY_RUNNING' }),
    );
  });

  it('refuses another way to sign in, but takes another function for the same one', async () => {
    const node = await createAgentNode();
    const auth = () => ({ token: () => Promise.resolve('x') });
    const sync = startMemorySync(node, { url: nowhere, auth: auth() });
    ends.push(() => sync.close());
    expect(setupSyncPeers({ node, url: nowhere, auth: auth() })).toBe(sync);
    for (const other of [{ auth: 'account' as const }, {}]) {
      expect(() => setupSyncPeers({ node, url: nowhere, ...other })).toThrow(
        expect.objectContaining({
          code: 'SYNC_ALREADY_RUNNING',
          message: expect.stringContaining('`auth`') as unknown,
        }),
      );
    }
  });

  it('starts sync if it was off, and again after it was closed', async () => {
    const { node, sync } = await sessionNode(undefined);
    expect(sync.current.status).toBe('off');
    expect(setupSyncPeers({ node, url: nowhere })).toBe(sync);
    expect(sync.current.peers[0]?.url).toBe(nowhere);
    await sync.close();
    expect(sync.current.status).toBe('off');
    const again = setupSyncPeers({ node, url: nowhere });
    ends.push(() => again.close());
    expect(again).not.toBe(sync);
  });

  it('accepts fail-over addresses, but no empty list of them', async () => {
    const urls = [nowhere, 'ws://127.0.0.1:10/sync'];
    const { node, sync } = await sessionNode(undefined);
    expect(setupSyncPeers({ node, url: urls })).toBe(sync);
    expect(setupSyncPeers({ node, url: urls })).toBe(sync);
    expect(() => setupSyncPeers({ node, url: nowhere })).toThrow(
      expect.objectContaining({ code: 'SYNC_ALREADY_RUNNING' }),
    );
    expect(() => setupSyncPeers({ node, url: [] })).toThrow(
      expect.objectContaining({ code: 'SYNC_URL_INVALID' }),
    );
  });

  it('throws at once if an address cannot be parsed', async () => {
    const { node } = await sessionNode(undefined);
    const invalid = [{ url: 'ftp://x' }, { url: 5 }, { relays: 'x' }, { relays: [5] }] as SyncOptions[];
    for (const options of invalid) {
      expect(() => setupSyncPeers({ node, ...options })).toThrow(
        expect.objectContaining({ code: 'SYNC_URL_INVALID' }),
      );
    }
  });
});

describe('subscribeSyncState', () => {
  it('follows the active session, through its end and the next one', async () => {
    const active = createReadable<{ readonly sync: SyncPeers } | undefined>(undefined);
    const subscribeSyncState = createSubscribeSyncState(active);
    const received: string[] = [];
    const stop = subscribeSyncState(({ status }) => received.push(status));
    const { sync } = await sessionNode(undefined);
    active.set({ sync });
    active.set(undefined);
    expect(received).toEqual(['signed-out', 'off', 'signed-out']);
    stop();
    active.set({ sync });
    expect(received).toHaveLength(3);
  });

  it('accepts a session or its sync as target', async () => {
    const { sync } = await sessionNode(undefined);
    const subscribeSyncState = createSubscribeSyncState(createReadable(undefined));
    const received: string[] = [];
    subscribeSyncState(({ status }) => received.push(status), { target: sync })();
    subscribeSyncState(({ status }) => received.push(status), { target: { sync } })();
    expect(received).toEqual(['off', 'off']);
  });

  it('a listener that throws does not stop the others, and its error is not swallowed', async () => {
    const { sync } = await sessionNode(undefined);
    const later = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
    const received: string[] = [];
    const stop = sync.subscribe(() => {
      throw new Error('a listener of the app');
    });
    sync.subscribe(({ status }) => received.push(status));
    expect(received).toEqual(['off']);
    expect(later.mock.calls[0]?.[0]).toThrow('a listener of the app');
    later.mockRestore();
    stop();
  });
});
