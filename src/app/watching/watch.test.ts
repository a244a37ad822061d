import type { CoID, RawAccount, RawCoList, RawCoMap, RawCoPlainText, RawCoStream, RawGroup } from 'cojson';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeAtRelays } from '../../../test/support/session/at-relays.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Readable } from '../../base/readable.ts';
import { openAgentSession } from '../../session/agent/agent-session.ts';
import type { Session } from '../../session/session.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';

const unknownID = 'co_zNobodyHasThis';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { person, connected } = createPeople(() => sessions);

type Role = 'reader' | 'writer' | 'manager' | 'writeOnly' | 'revoked';

async function setRole(owner: Session, group: RawGroup, { accountID }: Session, role: Role) {
  const account = await owner.node.load(accountID as CoID<RawAccount>);
  if (account === 'unavailable') throw new Error('The account is unavailable.');
  if (role === 'revoked') group.removeMember(account);
  else group.addMember(account, role);
}

/** Subscribes until the test ends, and collects what is published. */
function follow<T>(readable: Readable<T>) {
  const seen: T[] = [];
  const stop = readable.subscribe((value) => seen.push(value));
  sessions.onEnd(stop);
  return { seen, stop };
}

const untilState = (watched: Readable<{ readonly state: string }>, state: string) =>
  until(() => watched.current.state === state);

const untilShown = (watched: Readable<object>, shown: object) =>
  until(() => expect(watched.current).toMatchObject(shown));

test('[WATCH-11] a shown value cannot be changed in place', async () => {
  const session = await person(false);
  const group = session.node.createGroup();
  const list = group.createList<RawCoList<{ readonly tags: readonly string[] }>>([{ tags: ['a'] }]);
  const watched = session.watch<readonly { readonly tags: string[] }[]>(list.id);
  const shown = () => (watched.current.state === 'ready' ? watched.current.value : []);
  expect(() => shown()[0]?.tags.push('b')).toThrow(TypeError);
  expect(shown()).toEqual([{ tags: ['a'] }]);
});

describeAtRelays({ connected }, (online) => {
  test('[WATCH-1] a watch shows a value, its edits and their rungs, to somebody else', async () => {
    const [owner, member] = [await online(), await online()];
    const group = owner.node.createGroup();
    await setRole(owner, group, member, 'writer');
    const map = group.createMap({ title: 'ours' });
    await owner.sync.whenConfirmed();

    const watched = member.watch<{ readonly title: string }>(map.id);
    const { seen } = follow(watched);
    expect(seen).toMatchObject([{ id: map.id, state: 'loading', because: 'asking' }]);
    await untilShown(watched, { state: 'ready', role: 'writer', canWrite: true, value: { title: 'ours' } });
    map.set('title', 'changed');
    await untilShown(watched, { value: { title: 'changed' } });

    const { current } = watched;
    if (current.state !== 'ready') throw new Error('shown above');
    current.raw.set('title', 'theirs');
    expect(watched.current).toMatchObject({ value: { title: 'theirs' }, reached: 'made' });
    await untilShown(watched, {
      value: { title: 'theirs' },
      reached: 'confirmed',
    });
  });

  test('[WATCH-2] what the relay lacks is unavailable, and appears once somebody has uploaded it', async () => {
    const [owner, member] = [await online(), await online()];
    owner.sync.pause();
    const group = owner.node.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ title: 'late' });

    const watched = member.watch(map.id);
    follow(watched);
    await untilState(watched, 'unavailable');
    owner.sync.resume();
    await untilShown(watched, { state: 'ready', value: { title: 'late' }, role: 'reader', canWrite: false });
  });

  test('[WATCH-3] a role that is given, changed and taken shows at once', async () => {
    const [owner, member] = [await online(), await online()];
    const parent = owner.node.createGroup();
    const group = owner.node.createGroup();
    group.extend(parent);
    const map = group.createMap({ title: 'ours' });
    // Of its group's changes, none decides about an edit.
    const [empty, otherEmpty] = [group.createMap(), group.createMap()];
    await owner.sync.whenConfirmed();

    const [watched, watchedEmpty] = [member.watch(map.id), member.watch(empty.id)];
    const { seen } = follow(watched);
    follow(watchedEmpty);
    await untilShown(watched, { state: 'unauthorized', groupID: group.id, role: undefined });
    await setRole(owner, parent, member, 'reader');
    await untilShown(watched, { state: 'ready', role: 'reader', canWrite: false, value: { title: 'ours' } });
    await untilShown(watchedEmpty, { state: 'ready', role: 'reader', canWrite: false, value: {} });
    const watchedSince = member.watch(otherEmpty.id);
    follow(watchedSince);
    await untilShown(watchedSince, { state: 'ready', role: 'reader' });
    const { length } = seen;
    await setRole(owner, parent, member, 'writer');
    await untilShown(watchedSince, { state: 'ready', role: 'writer', canWrite: true });
    await untilShown(watched, { state: 'ready', role: 'writer', canWrite: true });
    await untilShown(watchedEmpty, { state: 'ready', role: 'writer', canWrite: true });
    await setRole(owner, parent, member, 'revoked');
    await untilShown(watched, { state: 'unauthorized', groupID: group.id, role: undefined });
    await untilShown(watchedEmpty, { state: 'unauthorized', groupID: group.id, role: undefined });
    await untilShown(watchedSince, { state: 'unauthorized', groupID: group.id, role: undefined });
    // Nothing else was shown between.
    expect(new Set(seen.slice(length).map(({ state }) => state))).toEqual(new Set(['ready', 'unauthorized']));
  });

  test('[WATCH-4] a deletion shows', async () => {
    const [owner, reader] = [await online(), await online()];
    const group = owner.node.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ title: 'gone soon' });
    await owner.sync.whenConfirmed();
    const watches = [owner.watch(map.id), reader.watch(map.id)];
    for (const watched of watches) follow(watched);
    for (const watched of watches) await untilState(watched, 'ready');
    map.core.deleteCoValue();
    for (const watched of watches) await untilShown(watched, { id: map.id, state: 'deleted' });
  });
});

test('[WATCH-1] maps, lists, texts, streams and groups each have their form', async () => {
  const { node, watch } = await person(false);
  const group = node.createGroup();
  const [map, list, text, stream] = [
    group.createMap({ a: { b: 1 } }),
    group.createList(['a', 'b']),
    group.createPlainText('ab'),
    group.createStream(['a']),
  ];
  const { currentSessionID } = node;
  expect(watch(map.id).current).toMatchObject({ value: { a: { b: 1 } } });
  expect(watch<readonly string[], RawCoList>(list.id).current).toMatchObject({
    value: ['a', 'b'],
    raw: list,
  });
  expect(watch<string, RawCoPlainText>(text.id).current).toMatchObject({ value: 'ab', raw: text });
  expect(watch<object, RawCoStream>(stream.id).current).toMatchObject({
    value: { [currentSessionID]: ['a'] },
  });
  expect(watch(group.id).current).toMatchObject({ role: 'admin', canWrite: true });
  expect(watch(node.getCurrentAccountOrAgentID()).current).toMatchObject({ role: 'admin', canWrite: true });
});

describe('[WATCH-5] without a relay', () => {
  test('a value that this device lacks is loading, with the reason once it is certain', async () => {
    const [off, offline] = [await person(false), await person({ url: 'ws://127.0.0.1:9' })];
    const paused = await connected();
    paused.sync.pause();
    for (const [session, because] of [
      [off, 'sync-off'],
      [offline, 'offline'],
      [paused, 'offline'],
    ] as const) {
      const watched = session.watch(unknownID);
      expect(watched.current).toMatchObject({ state: 'loading', because: 'asking' });
      const { sinceMs } = watched.current as { readonly sinceMs: number };
      follow(watched);
      await until(() =>
        expect(watched.current).toEqual({ id: unknownID, state: 'loading', because, sinceMs }),
      );
    }
  });

  test('a value is not said to be out of reach until the storage has answered', async () => {
    const { accountID, node } = await connected();
    const map = node.createGroup().createMap({ title: 'stored' });
    const contents = [map.group, map].flatMap(({ core }) => core.newContentSince() ?? []);
    const memory = createMemoryStorage();
    const waiting: (() => void)[] = [];
    const storage: KernelDeviceStorage = {
      ...memory,
      load(id, onContent, done) {
        if (id === unknownID) waiting.push(() => done?.(false));
        else if (id !== map.id) memory.load(id, onContent, done);
        else
          waiting.push(() => {
            for (const content of contents) onContent(content);
            done?.(true);
          });
      },
    };
    const sync = { url: sessions.relay.url };
    const agent = await openAgentSession({ accountID, agentSecret: node.agentSecret, sync, storage });
    sessions.onEnd(() => agent.close());
    agent.sync.pause();
    const [stored, unknown] = [agent.watch(map.id), agent.watch(unknownID)];
    const { seen } = follow(stored);
    follow(unknown);
    await until(() => waiting.length === 2);
    expect(unknown.current).toMatchObject({ state: 'loading', because: 'asking' });
    for (const answer of waiting) answer();
    await untilState(stored, 'ready');
    await untilShown(unknown, { state: 'loading', because: 'offline' });
    expect(new Set(seen.map((one) => ('because' in one ? one.because : one.state)))).toEqual(
      new Set(['asking', 'ready']),
    );
  });

  test('[WATCH-13] values that arrive in one turn are published together', async () => {
    const { accountID, node } = await connected();
    const group = node.createGroup();
    const maps = Array.from({ length: 20 }, (_, count) => group.createMap({ count }));
    const memory = createMemoryStorage();
    const waiting: (() => void)[] = [];
    const storage: KernelDeviceStorage = {
      ...memory,
      load(id, onContent, done) {
        const map = maps.find((one) => one.id === id);
        if (!map) return memory.load(id, onContent, done);
        waiting.push(() => {
          for (const content of map.core.newContentSince() ?? []) onContent(content);
          done?.(true);
        });
      },
    };
    const sync = { url: sessions.relay.url };
    const agent = await openAgentSession({ accountID, agentSecret: node.agentSecret, sync, storage });
    sessions.onEnd(() => agent.close());
    await agent.load(group.id);
    agent.sync.pause();
    const { seen } = follow(agent.watchAll(maps.map(({ id }) => id)));
    await until(() => waiting.length === maps.length);
    const before = seen.length;
    for (const answer of waiting) answer();
    await until(() => seen.at(-1)?.every(({ state }) => state === 'ready') === true);
    expect(seen.length - before).toBe(1);
  });

  test('a relay that connects later is asked', async () => {
    const session = await connected();
    session.sync.pause();
    const watched = session.watch(unknownID);
    const { seen } = follow(watched);
    await untilShown(watched, { because: 'offline' });
    session.sync.resume();
    await untilState(watched, 'unavailable');
    expect(seen.map((one) => ('because' in one ? one.because : one.state))).toEqual([
      'offline',
      'asking',
      'unavailable',
    ]);
  });

  test('what this device has is shown, and how far it has got', async () => {
    const session = await person(false);
    const map = session.node.createGroup().createMap({ title: 'here' });
    const watched = session.watch(map.id);
    follow(watched);
    // Like this test's device, one without IndexedDB stores nothing.
    expect(watched.current).toMatchObject({ state: 'ready', value: { title: 'here' }, reached: 'made' });
  });

  test('a role that is lost counts at once; one that was never there counts after the time of a load', async () => {
    const [owner, member] = [await connected(), await connected()];
    const group = owner.node.createGroup();
    const map = group.createMap({ title: 'ours' });
    await owner.sync.whenConfirmed();
    await expect(member.load(map.id)).rejects.toMatchObject({ code: 'CO_VALUE_FORBIDDEN' });
    member.sync.pause();
    const watched = member.watch(map.id);
    const { seen } = follow(watched);
    await untilState(watched, 'unauthorized');
    expect(seen.map(({ state }) => state)).toEqual(['loading', 'unauthorized']);

    const own = owner.watch(map.id);
    follow(own);
    owner.sync.pause();
    group.removeMember(owner.account);
    await untilState(own, 'unauthorized');
  });
});

test('[WATCH-6] the same question gets the same Readable, and the same object until something changes', async () => {
  const session = await person(false);
  const group = session.node.createGroup();
  const [map, other] = [group.createMap({ a: 1 }), group.createMap({ a: 2 })];
  const watched = session.watch(map.id);
  expect(session.watch(map.id)).toBe(watched);
  const before = watched.current;
  expect(watched.current).toBe(before);
  const { stop } = follow(watched);
  expect(watched.current).toBe(before);

  map.set('a', 1);
  // The edit is one more that is made, and the value is the same.
  expect(watched.current).toBe(before);
  stop();
  map.set('a', 3);
  expect(watched.current).toMatchObject({ value: { a: 3 } });
  expect(watched.current).toBe(watched.current);

  const all = session.watchAll<{ readonly a: number }>([map.id, other.id, 'none']);
  expect(session.watchAll([map.id, other.id, 'none'])).toBe(all);
  expect(session.watchAll([other.id, map.id, 'none'])).not.toBe(all);
  const { seen } = follow(all);
  expect(seen).toMatchObject([
    [{ value: { a: 3 } }, { value: { a: 2 } }, { id: 'none', state: 'unavailable' }],
  ]);
  map.set('a', 4);
  other.set('a', 5);
  map.set('a', 6);
  const [edited] = seen.slice(-1);
  expect(all.current).toBe(edited);
  expect(edited).toMatchObject([{ value: { a: 6 } }, { value: { a: 5 } }, {}]);
  other.set('a', 7);
  expect(all.current[0]).toBe(edited?.[0]);
  expect(all.current[1]).not.toBe(edited?.[1]);
});

describe('[WATCH-7] an edit made here', () => {
  test('is published in the call that makes it, so that an input keeps its cursor', async () => {
    const session = await person(false);
    const map = session.node.createGroup().createMap({ text: '' });
    const { seen } = follow(session.watch(map.id));
    map.set('text', 'a');
    expect(seen.at(-1)).toMatchObject({ value: { text: 'a' } });
  });

  test('is published in the call that makes it to one who watches several values, too', async () => {
    const session = await person(false);
    const group = session.node.createGroup();
    const [map, other] = [group.createMap({ text: '' }), group.createMap({ text: 'b' })];
    const { seen } = follow(session.watchAll([map.id, other.id]));
    map.set('text', 'a');
    expect(seen.at(-1)).toMatchObject([{ value: { text: 'a' } }, { value: { text: 'b' } }]);
  });

  test('is published with others of its turn, if they are many', async () => {
    const session = await person(false);
    const list = session.node.createGroup().createList<RawCoList<number>>();
    const { seen } = follow(session.watch<readonly number[], RawCoList>(list.id));
    for (let item = 0; item < 1_000; item++) list.append(item);
    await until(() => {
      const last = seen.at(-1);
      return last?.state === 'ready' && last.value.length === 1_000;
    });
    expect(seen.length).toBeLessThan(20);
  });

  test('is published with others of its turn, if several values are watched and many change', async () => {
    const session = await person(false);
    const group = session.node.createGroup();
    const maps = Array.from({ length: 100 }, () => group.createMap({ a: 0 }));
    const { seen } = follow(session.watchAll<{ readonly a: number }>(maps.map(({ id }) => id)));
    for (const map of maps) map.set('a', 1);
    await until(() => seen.at(-1)?.every((one) => one.state === 'ready' && one.value.a === 1));
    expect(seen.length).toBeLessThan(20);
  });
});

describe('[WATCH-8] subscriptions', () => {
  function listenersOf(session: Session, ...values: readonly RawCoMap[]): number {
    return values.reduce((sum, { core }) => sum + session.node.getCoValue(core.id).listeners.size, 0);
  }

  test('are counted: only while there is one, the value is followed', async () => {
    const session = await person(false);
    const group = session.node.createGroup();
    const map = group.createMap({ a: 1 });
    const watched = session.watch(map.id);
    const before = listenersOf(session, map, group);
    expect(watched.current).toMatchObject({ state: 'ready' });
    expect(listenersOf(session, map, group)).toBe(before);
    const [first, second] = [follow(watched), follow(watched)];
    const during = listenersOf(session, map, group);
    expect(during).toBeGreaterThan(before);
    first.stop();
    first.stop();
    expect(listenersOf(session, map, group)).toBe(during);
    second.stop();
    expect(listenersOf(session, map, group)).toBe(before);
    const all = follow(session.watchAll([map.id]));
    expect(listenersOf(session, map, group)).toBe(during);
    all.stop();
    expect(listenersOf(session, map, group)).toBe(before);
  });

  test('end with the session, and the last state stays', async () => {
    const session = await person(false);
    const group = session.node.createGroup();
    const map = group.createMap({ a: 1 });
    const before = listenersOf(session, map, group);
    const [watched, all] = [session.watch(map.id), session.watchAll([map.id])];
    const { seen, stop } = follow(watched);
    follow(all);
    const last = watched.current;
    await session.close();
    expect(listenersOf(session, map, group)).toBe(before);
    const { length } = seen;
    expect(watched.current).toBe(last);
    expect(all.current).toEqual([last]);
    expect(seen).toHaveLength(length);
    stop();
    expect(watched.current).toBe(last);

    const late = session.watch(unknownID);
    expect(follow(late).seen).toMatchObject([{ state: 'loading', because: 'sync-off' }]);
    expect(session.node.isCoValueInMemory(unknownID)).toBe(false);
  });
});

test('[WATCH-10] what a failing storage may have is unreadable, and is read again until the storage answers', async () => {
  const { accountID, node } = await connected();
  let failure: KernelError | undefined;
  let reads = 0;
  const memory = createMemoryStorage();
  const storage: KernelDeviceStorage = {
    ...memory,
    load(id, onContent, done) {
      if (id === unknownID) reads++;
      memory.load(id, onContent, done);
    },
    readFailure: () => failure,
  };
  const sync = { url: sessions.relay.url };
  const agent = await openAgentSession({ accountID, agentSecret: node.agentSecret, sync, storage });
  sessions.onEnd(() => agent.close());
  failure = createKernelError('STORAGE_CLOSED', 'closed');

  const watched = agent.watch(unknownID);
  sessions.onEnd(watched.subscribe(() => {}));
  await until(() => watched.current.state === 'unreadable');
  expect(watched.current).toEqual({ id: unknownID, state: 'unreadable' });
  await until(() => reads > 2);
  failure = undefined;
  await until(() => watched.current.state === 'unavailable');
});
