import type { CoID, LocalNode, RawAccount, RawCoID, RawGroup } from 'cojson';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeAtRelays } from '../../../test/support/session/at-relays.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import { listen } from '../../engine/node-events.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { Session } from '../../session/session.ts';

const unknownID = 'co_zNobodyHasThis';
const closedPort = 'ws://127.0.0.1:9';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { person, connected } = createPeople(() => sessions);

async function add(owner: Session, group: RawGroup, { accountID }: Session, role: 'reader' | 'writeOnly') {
  const account = await owner.node.load(accountID as CoID<RawAccount>);
  if (account === 'unavailable') throw new Error('The account is unavailable.');
  group.addMember(account, role);
}

/** An owner, and somebody who has the value and its group already, but no role. */
async function refusedOnce() {
  const [owner, late] = [await connected(), await connected()];
  const group = owner.node.createGroup();
  const map = group.createMap({ title: 'ours' });
  await owner.sync.whenConfirmed();
  await expect(late.load(map.id)).rejects.toMatchObject({ code: 'CO_VALUE_FORBIDDEN' });
  return { owner, late, group, map };
}

function contentOf(node: LocalNode, id: RawCoID) {
  const [content] = node.getCoValue(id).newContentSince() ?? [];
  if (!content) throw new Error(`${id} has no content.`);
  return content;
}

describeAtRelays({ connected }, (online) => {
  test('[LOAD-1] a load resolves with a value that can be read, group included', async () => {
    const [owner, member] = [await online(), await online()];
    const group = owner.node.createGroup();
    group.extend(owner.node.createGroup());
    const map = group.createMap({ title: 'ours' });
    await add(owner, group, member, 'reader');
    await owner.sync.whenConfirmed();

    const loaded = await member.load(map.id);

    expect(loaded.get('title')).toBe('ours');
    expect(loaded.group.myRole()).toBe('reader');
    expect(await member.load(map.id)).toBe(loaded);
  });

  test('[LOAD-2] a load of an ID that the relay does not have rejects with CO_VALUE_NOT_FOUND', async () => {
    const session = await online();
    const error = { code: 'CO_VALUE_NOT_FOUND', details: { id: unknownID } };
    await expect(session.load(unknownID)).rejects.toMatchObject(error);
    await expect(session.load(unknownID)).rejects.toMatchObject(error);
  });

  test('a value that the relay did not have is found once somebody has uploaded it', async () => {
    const [owner, member] = [await online(), await online()];
    owner.sync.pause();
    const group = owner.node.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ title: 'late' });
    await expect(member.load(map.id)).rejects.toMatchObject({ code: 'CO_VALUE_NOT_FOUND' });
    owner.sync.resume();
    await owner.sync.whenConfirmed();
    expect((await member.load(map.id)).get('title')).toBe('late');
  });

  test('[LOAD-3] a stranger’s load rejects with CO_VALUE_FORBIDDEN and the group', async () => {
    const [owner, stranger] = [await online(), await online()];
    const group = owner.node.createGroup();
    const map = group.createMap({ title: 'ours' });
    await owner.sync.whenConfirmed();

    const refusal = {
      code: 'CO_VALUE_FORBIDDEN',
      details: { id: map.id, groupID: group.id, role: undefined },
    };
    await expect(stranger.load(map.id)).rejects.toMatchObject(refusal);
    // A group may be read by everyone who knows its ID.
    expect((await stranger.load<RawGroup>(group.id)).id).toBe(group.id);
  });

  test('[LOAD-3] a load by somebody let in meanwhile resolves', async () => {
    const [owner, late] = [await online(), await online()];
    const parent = owner.node.createGroup();
    const group = owner.node.createGroup();
    group.extend(parent);
    const map = group.createMap({ title: 'ours' });
    await owner.sync.whenConfirmed();
    await expect(late.load(map.id)).rejects.toMatchObject({ code: 'CO_VALUE_FORBIDDEN' });

    // The device knows the groups from before.
    late.sync.pause();
    await add(owner, parent, late, 'reader');
    await owner.sync.whenConfirmed();
    const loading = late.load(map.id);
    late.sync.resume();

    expect((await loading).get('title')).toBe('ours');
  });

  test('[LOAD-4] a load of a deleted value rejects with CO_VALUE_DELETED', async () => {
    const [owner, reader] = [await online(), await online()];
    const group = owner.node.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ title: 'gone' });
    const { id } = map;
    map.core.deleteCoValue();
    await owner.sync.whenConfirmed();
    const error = { code: 'CO_VALUE_DELETED', details: { id } };
    await expect(owner.load(id)).rejects.toMatchObject(error);
    await expect(reader.load(id)).rejects.toMatchObject(error);
  });
});

test('a member who only writes, and an owner without a relay, load what they may read', async () => {
  const [owner, writer] = [await connected(), await connected()];
  const group = owner.node.createGroup();
  const map = group.createMap({ title: 'hidden' });
  await add(owner, group, writer, 'writeOnly');
  await owner.sync.whenConfirmed();
  const loaded = await writer.load(map.id);
  expect(loaded.group.myRole()).toBe('writeOnly');

  const alone = await person(false);
  const own = alone.node.createGroup().createMap({ title: 'here' });
  expect(await alone.load(own.id)).toBe(own);
});

describe('[LOAD-5] a load that nothing decides ends with TIMEOUT and the reason', () => {
  test.each([
    ['sync-off', false],
    ['offline', { url: closedPort }],
  ] as const)('%s', async (because, sync) => {
    const session = await person(sync);
    await expect(session.load(unknownID)).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { id: unknownID, timeoutMs: 10_000, because },
    });
  });

  test('offline, if one of two relays is', async () => {
    const relays = [{ url: sessions.relay.url }, { url: closedPort }];
    const session = await person({ relays });
    await until(() => session.sync.current.peers[0]?.phase === 'connected');
    const details = { timeoutMs: 500, because: 'offline' };
    await expect(session.load(unknownID, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      details,
    });
  });

  test('no-answer, if the relay does not answer', async () => {
    const session = await connected();
    const { node } = sessions.relay;
    vi.spyOn(node.syncManager, 'handleLoad').mockReturnValue(undefined);
    await expect(session.load(unknownID, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { because: 'no-answer' },
    });
  });

  test('no-answer, if the value has come without its group', async () => {
    const [owner, member] = [await connected(), await connected()];
    const group = owner.node.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ title: 'ours' });
    await owner.sync.whenConfirmed();
    const { syncManager } = sessions.relay.node;
    const answer = syncManager.handleLoad.bind(syncManager);
    vi.spyOn(syncManager, 'handleLoad').mockImplementation((message, peer) => {
      if (message.id === map.id) peer.pushOutgoingMessage(contentOf(sessions.relay.node, map.id));
      else if (message.id !== group.id) answer(message, peer);
    });
    await expect(member.load(map.id, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { because: 'no-answer' },
    });
  });

  test('no-answer, if its group waits for a group above it', async () => {
    const { owner, late, group, map } = await refusedOnce();

    late.sync.pause();
    const above = owner.node.createGroup();
    await add(owner, above, late, 'reader');
    group.extend(above);
    await owner.sync.whenConfirmed();
    const { syncManager } = sessions.relay.node;
    const answer = syncManager.handleLoad.bind(syncManager);
    const answering = vi.spyOn(syncManager, 'handleLoad').mockImplementation((message, peer) => {
      // With the map, the relay would send the groups.
      if (message.id === map.id || message.id === above.id) return;
      if (message.id === group.id) peer.pushOutgoingMessage(contentOf(sessions.relay.node, group.id));
      else answer(message, peer);
    });
    late.sync.resume();
    await until(() => late.sync.current.peers[0]?.phase === 'connected');
    await expect(late.load(map.id, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { because: 'no-answer' },
    });
    answering.mockRestore();
    late.sync.pause();
    late.sync.resume();
    expect((await late.load(map.id, { timeoutMs: 60_000 })).get('title')).toBe('ours');
  });

  test('a relay that connects in time is asked', async () => {
    const session = await connected();
    session.sync.pause();
    const loading = session.load(unknownID);
    session.sync.resume();
    await expect(loading).rejects.toMatchObject({ code: 'CO_VALUE_NOT_FOUND' });
  });

  test('a role that another tab has stored counts at once', async () => {
    const { owner, late, group, map } = await refusedOnce();
    late.sync.pause();
    await add(owner, group, late, 'reader');
    const loading = late.load(map.id, { timeoutMs: 600_000 });
    late.node.syncManager.handleNewContent(contentOf(owner.node, group.id), 'import');
    expect((await loading).get('title')).toBe('ours');
  });

  test('without a relay to ask, what the device has decides', async () => {
    const [owner, stranger] = [await connected(), await connected()];
    const map = owner.node.createGroup().createMap({ title: 'ours' });
    await owner.sync.whenConfirmed();
    await expect(stranger.load(map.id)).rejects.toMatchObject({ code: 'CO_VALUE_FORBIDDEN' });
    stranger.sync.pause();
    await expect(stranger.load(map.id, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'CO_VALUE_FORBIDDEN',
    });
  });
});

describe('the answer of a relay that has yet to show that it still has what it confirmed', () => {
  /** Reconnects to the relay, which answers nothing but loads of `id`, and calls back once that answer was handled. */
  async function inDoubt(session: Session, id: string) {
    const { syncManager } = sessions.relay.node;
    const answer = syncManager.handleLoad.bind(syncManager);
    const held: (() => unknown)[] = [];
    const answering = vi.spyOn(syncManager, 'handleLoad').mockImplementation((message, peer) => {
      if (message.id === id) answer(message, peer);
      else held.push(() => answer(message, peer));
    });
    session.sync.pause();
    session.sync.resume();
    await until(() => session.sync.current.peers[0]?.phase === 'connected' && held.length > 0);
    const answered = new Promise<void>((resolve) => {
      listen(session.node, { handled: (message) => 'id' in message && message.id === id && resolve() });
    });
    function release(): void {
      answering.mockRestore();
      for (const answer of held) answer();
    }
    return { answered, release };
  }

  /** Whether the relays' answers counted when the load was rejected, and with what. */
  function ending(session: Session, loading: Promise<unknown>) {
    return loading.then(
      () => ({ isSure: undefined, error: undefined }),
      (error: unknown) => ({ isSure: confirmationsOf(session.sync)?.isSure(), error }),
    );
  }

  /** A load decides in a task of its own, after the answer. */
  const decided = () => new Promise<void>((resolve) => systemClock.after(0, resolve));

  test('[LOAD-2] counts for CO_VALUE_NOT_FOUND once it has', async () => {
    const session = await connected();
    const { answered, release } = await inDoubt(session, unknownID);
    const ended = ending(session, session.load(unknownID, { timeoutMs: 600_000 }));
    await answered;
    await decided();
    release();
    expect(await ended).toMatchObject({ isSure: true, error: { code: 'CO_VALUE_NOT_FOUND' } });
  });

  test('[LOAD-3] counts for CO_VALUE_FORBIDDEN once it has', async () => {
    const { late, group, map } = await refusedOnce();
    const { answered, release } = await inDoubt(late, group.id);
    const ended = ending(late, late.load(map.id, { timeoutMs: 600_000 }));
    await answered;
    await decided();
    release();
    expect(await ended).toMatchObject({ isSure: true, error: { code: 'CO_VALUE_FORBIDDEN' } });
  });

  test('[LOAD-5] decides nothing if it has not by the time limit', async () => {
    const session = await connected();
    const { release } = await inDoubt(session, unknownID);
    await expect(session.load(unknownID, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { because: 'no-answer' },
    });
    release();
  });
});

describe('[LOAD-6] a load ends', () => {
  test('by its signal, before and during', async () => {
    const session = await person(false);
    const aborting = new AbortController();
    const loading = session.load(unknownID, { signal: aborting.signal });
    aborting.abort(new Error('left the page'));
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'left the page' } });
    await expect(session.load(unknownID, { signal: aborting.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  test('with the session, and so does every later one', async () => {
    const session = await person(false);
    const loading = session.load(unknownID);
    const closing = session.close();
    await expect(loading).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
    await closing;
    await expect(session.load(unknownID)).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  });

  test('at once, if its ID is none', async () => {
    const session = await person(false);
    await expect(session.load('co_zl0st')).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
  });
});
