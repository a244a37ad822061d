import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { setupSyncPeers } from '../../sync/setup-sync-peers.ts';
import { activeSession } from '../active-session.ts';
import { until } from '../../../test/support/until.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

describe('the active session', () => {
  test('is the most recently opened one that is still open', async () => {
    const seen: (string | undefined)[] = [];
    const stop = activeSession.subscribe((session) => seen.push(session?.accountID));
    const one = await sessions.signedUp({ sync: false });
    const two = await sessions.signedUp({ sync: false, anotherAccount: true });
    await two.close();
    await one.close();
    stop();
    expect(seen).toEqual([undefined, one.accountID, two.accountID, one.accountID, undefined]);
  });
});

describe('a session whose sync the app closed and set up again', () => {
  const nowhere = 'ws://127.0.0.1:9/sync';

  test('[LADDER-14] has the sync that runs, and closes it', async () => {
    const session = await sessions.signedUp({ sync: { url: nowhere } });
    const { node, sync: first } = session;
    await first.close();
    expect(session.sync).toBe(first);
    const next = setupSyncPeers({ node, url: sessions.relay.url });
    expect(session.sync).toBe(next);
    const root = rootOf(session);
    root.set('a', 1);
    expect(session.sync.stateOf(root.id).current.confirmed).toBe('pending');
    await session.close({ until: 'confirmed', timeoutMs: 10_000 });
    expect(next.current.peers[0]?.phase).toBe('closed');
    expect(sessions.relay.node.getCoValue(root.id).isAvailable()).toBe(true);
  });

  test('[LADDER-14] signs out once that sync has sent everything, and not before', async () => {
    const session = await sessions.signedUp({ sync: { url: nowhere } });
    rootOf(session).set('a', 1);
    const first = session.sync;
    await first.close();
    const next = setupSyncPeers({ node: session.node, url: nowhere });
    const { id } = session.node.createGroup();
    await expect(session.signOut()).rejects.toMatchObject({
      code: 'UNSYNCED_CHANGES',
      details: { ids: expect.arrayContaining([id]) as string[] },
    });
    await next.close();
    await setupSyncPeers({ node: session.node, url: sessions.relay.url }).whenConfirmed();
    await session.signOut();
  });
});

describe('closing a session', () => {
  test('ends its sync, notifies once, and is idempotent', async () => {
    const session = await sessions.signedUp();
    const closed = vi.fn();
    session.on('closed', closed);
    await Promise.all([session.close(), session.close()]);
    expect(closed.mock.calls).toEqual([[undefined]]);
    expect(session.sync.current.peers[0]?.phase).toBe('closed');
  });

  test('[ACC-19] refuses later edits and keeps earlier ones', async () => {
    const session = await sessions.signedUp();
    const root = rootOf(session);
    await until(() => expect(session.sync.current.peers[0]?.phase).toBe('connected'));
    root.set('a', 1);
    const closing = session.close({ until: 'confirmed', timeoutMs: 10_000 });
    expect(() => root.set('b', 2)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
    await closing;
    expect(() => root.set('b', 3)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
    expect(() => session.node.createGroup()).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
    expect(root.toJSON()).toEqual({ a: 1 });
    const again = await sessions.signedIn();
    await until(() => expect(rootOf(again).toJSON()).toEqual({ a: 1 }));
  });

  test('does not notify a removed listener', async () => {
    const session = await sessions.signedUp({ sync: false });
    const closed = vi.fn();
    session.on('closed', closed)();
    await session.close();
    expect(closed).not.toHaveBeenCalled();
  });
});
