import { expect, it } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { until } from '../../../test/support/until.ts';
import { createCommitNews } from '../namespace/commit-news.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import { createWatchedCollections, type Forbidden, type Watcher } from './watched-collections.ts';

/** Collections `co_zA…` own CoValues of the same first letter. */
function setUp({ isAuthorized = false } = {}) {
  const clock = createFakeClock();
  const news = createCommitNews();
  const totals = new Map<string, number>();
  let isFailing = false;
  let asked = 0;
  const denied = new Set<string>();
  const tools = {
    ...(isAuthorized && { rightsOf: () => ({ decide: (id: string) => !denied.has(id) }) }),
    ...{ clock, news, logger: silentLogger, isAlone: false },
    restrictions: { list: () => [], isTakenDown: () => false },
    storage: {
      owners: {
        of(ids: readonly string[]) {
          asked++;
          if (isFailing) return Promise.reject(new Error('The database has ended.'));
          return Promise.resolve(ids.map((id) => ({ id, owner: id.slice(0, 5) })));
        },
        totals: () => Promise.resolve(totals),
      },
    },
  };
  const watched = createWatchedCollections(tools as unknown as StatelessTools);
  async function watch(clientName: string, ...collections: readonly string[]) {
    const notices: string[][] = [];
    const forbidden: Forbidden[] = [];
    const watcher: Watcher = {
      principal: { kind: 'token', id: clientName, collections },
      ...{ clientName, collections },
      notify: (ids) => void notices.push([...ids]),
      forbid: (id) => void forbidden.push(id),
    };
    expect(await watched.watch(watcher, [])).toBeUndefined();
    return { notices, forbidden, watcher };
  }
  return {
    ...{ clock, denied, news, totals, watched, watch },
    asked: () => asked,
    fail: (now: boolean) => void (isFailing = now),
    commit: (id: string, pushedBy?: string) => news.committed([id], () => pushedBy),
    log: (id: string, pushedBy: string | null = null) =>
      news.logged([{ id, sessionID: 's', count: 1, pushedBy }]),
    paused: () => until(() => expect(clock.waiting).toBe(1)),
  };
}

it('[RELAY-74] notifies at once, and of all that comes within 250 ms once', async () => {
  const { clock, commit, watch, paused } = setUp();
  const { notices } = await watch('me', 'co_zA', 'co_zB');
  commit('co_zA1');
  await paused();
  expect(notices).toEqual([['co_zA']]);
  for (let index = 0; index < 10_000; index++) commit(`co_z${'ABC'[index % 3]}${index}`);
  clock.advance(249);
  expect(notices).toHaveLength(1);
  clock.advance(1);
  await until(() => expect(notices).toHaveLength(3));
  expect(notices.slice(1)).toEqual([['co_zA'], ['co_zB']]);
});

it('[RELAY-74] loses nothing if the database fails, or too much is committed meanwhile', async () => {
  const { clock, commit, fail, watch, paused } = setUp();
  const { notices } = await watch('me', 'co_zA');
  fail(true);
  commit('co_zA1');
  await paused();
  for (let index = 0; index < 60_000; index++) commit(`co_zB${index}`);
  fail(false);
  clock.advance(1_000);
  await until(() => expect(notices).toEqual([['co_zA']]));
});

it('[RELAY-74] [RELAY-75] passes on from the log what notices between relays have lost, once', async () => {
  const { clock, news, totals, commit, log, watch, paused, asked } = setUp();
  const [me, you] = [await watch('me', 'co_zA'), await watch('you', 'co_zA')];
  const next = async () => {
    await paused();
    clock.advance(250);
  };
  totals.set('co_zA1', 5);
  commit('co_zA1');
  await next();
  // What all were notified of.
  log('co_zA1');
  await next();
  expect([me.notices.length, you.notices.length]).toEqual([1, 1]);
  totals.set('co_zA1', 6);
  log('co_zA1');
  await next();
  expect([me.notices.length, you.notices.length]).toEqual([2, 2]);
  totals.set('co_zA1', 8);
  commit('co_zA1', 'me');
  await next();
  expect([me.notices.length, you.notices.length]).toEqual([2, 3]);
  // One's own is never a notice; what else there was, unknown to its pusher, is.
  log('co_zA1', 'me');
  await next();
  expect(me.notices.length).toBe(2);
  log('co_zA1');
  await next();
  expect(me.notices.length).toBe(3);
  news.logged(undefined);
  await next();
  expect(me.notices.length).toBe(4);
  const before = asked();
  log('co_zB1');
  await next();
  expect([asked() - before, me.notices.length]).toEqual([1, 4]);
});

it('[RELAY-74] keeps what comes while a client names other collections', async () => {
  const { clock, commit, watched, watch, paused } = setUp();
  const { notices, watcher } = await watch('me', 'co_zA');
  commit('co_zA1');
  await paused();
  commit('co_zA2');
  const both: Watcher = { ...watcher, collections: ['co_zA', 'co_zB'] };
  Object.assign(watcher, {
    collections: both.collections,
    principal: { kind: 'token', id: 'me', collections: both.collections },
  });
  await watched.watch(watcher, ['co_zA']);
  clock.advance(250);
  await until(() => expect(notices).toEqual([['co_zA'], ['co_zA']]));
  watched.unwatch(watcher);
  commit('co_zA3');
  await paused();
  clock.advance(250);
  expect(clock.waiting).toBe(0);
});

it('[RELAY-81] notifies only those whom `authorize` lets load the collection, also later', async () => {
  const { clock, commit, denied, watch, watched, paused } = setUp({ isAuthorized: true });
  const { notices, forbidden, watcher } = await watch('me', 'co_zA', 'co_zB');
  denied.add('co_zA');
  commit('co_zA1');
  await paused();
  await until(() => expect(forbidden).toEqual([{ id: 'co_zA', why: 'not-authorized' }]));
  // Hidden, in a collection that is not.
  denied.add('co_zB0');
  commit('co_zB0');
  clock.advance(250);
  await paused();
  clock.advance(250);
  expect(notices).toEqual([]);
  commit('co_zB1');
  await paused();
  clock.advance(250);
  await until(() => expect(notices).toEqual([['co_zB']]));
  expect(await watched.watch(watcher, [])).toEqual({ id: 'co_zA', why: 'not-authorized' });
});
