import { Account, co, Group, z, type ID } from 'jazz-tools';
import { describe, expect, it, vi } from 'vitest';
import { useTestRelay } from '../../test/support/session/sessions-at-relay.ts';
import { until } from '../../test/support/until.ts';
import { createJazzManager } from './index.ts';

const Card = co.map({ title: z.string(), isDone: z.boolean(), dueAt: z.date() });
const Board = co.map({ title: z.string(), cards: co.list(Card), text: co.plainText() });

const { onEnd, openSession } = useTestRelay();

function newBoard() {
  const card = { title: 'Bread', isDone: false, dueAt: new Date(0) };
  return Board.create({ title: 'List', cards: [card], text: 'Hello' }, Group.create());
}

describe('[JAZZ-1] the schemas of jazz-tools on a session', { timeout: 60_000 }, () => {
  it('create and edit CoValues of the session, up to confirmed, which others load', async () => {
    const session = await openSession();
    const { me } = createJazzManager(session);
    expect(me.$jazz.id).toBe(session.accountID);
    const board = newBoard();
    board.$jazz.owner.addMember('everyone', 'reader');
    board.cards[0]?.$jazz.set('isDone', true);
    board.cards.$jazz.push({ title: 'Milk', isDone: false, dueAt: new Date(1) });
    await session.sync.whenConfirmed();
    expect(session.sync.stateOf(board.$jazz.id).current.confirmed).toBe('reached');

    const { me: other } = createJazzManager(await openSession());
    const resolve = { cards: { $each: true }, text: true } as const;
    const there = await Board.load(board.$jazz.id, { loadAs: other, resolve });
    if (!there.$isLoaded) throw new Error(there.$jazz.loadingState);
    expect(there.text.toString()).toBe('Hello');
    expect(there.cards.map(({ title, isDone, dueAt }) => [title, isDone, dueAt.getTime()])).toEqual([
      ['Bread', true, 0],
      ['Milk', false, 1],
    ]);
    const changed = new Promise<string>((done) => {
      onEnd(there.$jazz.subscribe(({ title }) => title !== 'List' && done(title)));
    });
    board.$jazz.set('title', 'Shared list');
    expect(await changed).toBe('Shared list');
  });

  it('[JAZZ-2] show the account as signed in, and its connection, without its secret', async () => {
    const session = await openSession();
    const { manager, me } = createJazzManager(session);
    const value = manager.getCurrentValue();
    expect(value).toMatchObject({ node: session.node });
    expect(value && 'me' in value && value.me).toBe(me);
    const storage = manager.getAuthSecretStorage();
    expect(storage.isAuthenticated).toBe(true);
    expect(await storage.get()).toBeNull();

    const states: boolean[] = [];
    const stop = value?.addConnectionListener((isConnected) => states.push(isConnected));
    expect([value?.connected(), states.at(-1)]).toEqual([true, true]);
    session.sync.pause();
    await until(() => states.at(-1) === false);
    expect(value?.connected()).toBe(false);
    stop?.();
  });

  it('[JAZZ-2] sign out by the session, with its refusal, and sign nobody in', async () => {
    const session = await openSession();
    const { manager } = createJazzManager(session);
    session.sync.pause();
    Group.create();
    await expect(manager.logOut()).rejects.toMatchObject({ code: 'UNSYNCED_CHANGES' });
    const credentials = { accountID: 'co_zOther' as ID<Account>, accountSecret: 'none' as never };
    await expect(manager.authenticate(credentials)).rejects.toThrow('Sign in by @MaiaOS/kernel');
    expect(manager.getCurrentValue()).toMatchObject({ node: session.node });
  });
});

describe('[JAZZ-3] a manager', () => {
  it('closes with the session, and accepts no edit afterwards', async () => {
    const session = await openSession();
    const { manager } = createJazzManager(session);
    const board = newBoard();
    const notified = vi.fn<() => void>();
    manager.subscribe(notified);
    await session.close();
    expect(notified).toHaveBeenCalledOnce();
    expect(() => Account.getMe()).toThrow('No active account');
    // A component that is still mounted reads on.
    expect(manager.getCurrentValue()).toMatchObject({ node: session.node });
    expect(board.title).toBe('List');
    expect(() => board.$jazz.set('title', 'Late')).toThrow(
      expect.objectContaining({ code: 'SESSION_CLOSED' }),
    );
  });

  it('closes alone, once, and leaves the session open', async () => {
    const session = await openSession();
    const { manager, close } = createJazzManager(session);
    const notified = vi.fn<() => void>();
    manager.subscribe(notified);
    close();
    close();
    manager.done();
    expect(notified).toHaveBeenCalledOnce();
    session.node.createGroup();
    await session.sync.whenConfirmed();
  });

  it('is created twice by StrictMode, and the second one works', async () => {
    const session = await openSession();
    createJazzManager(session).close();
    const abandoned = createJazzManager(session);
    const { me, close } = createJazzManager(session);
    expect(Account.getMe()).toBe(me);
    expect(newBoard().$jazz.owner.myRole()).toBe('admin');
    close();
    expect(Account.getMe()).toBe(abandoned.me);
  });

  it('of another session becomes the active one until it closes', async () => {
    const [ana, ben] = [await openSession(), await openSession()];
    const first = createJazzManager(ana);
    const second = createJazzManager(ben);
    expect(Account.getMe()).toBe(second.me);
    second.close();
    expect(Account.getMe()).toBe(first.me);
    const third = createJazzManager(ben);
    first.close();
    expect(Account.getMe()).toBe(third.me);
    third.close();
    expect(() => Account.getMe()).toThrow('No active account');
  });

  it('of a closed session reads, and accepts no edit', async () => {
    const session = await openSession();
    const board = (createJazzManager(session), newBoard());
    await session.close();
    const { close } = createJazzManager(session);
    expect(board.title).toBe('List');
    expect(() => Group.create()).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
    close();
  });
});
