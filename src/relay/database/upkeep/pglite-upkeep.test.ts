import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { createPGliteUpkeep } from './pglite-upkeep.ts';

const second = 1_000;
const minute = 60 * second;

/** A database that says how much there is to do, and what was done. */
function keepUp() {
  const clock = createFakeClock();
  const state = {
    logMB: 0,
    age: 0,
    stale: [] as string[],
    hasRoom: true,
    vacuumMB: 0,
    done: [] as string[],
    looks: 0,
  };
  const rowsOf = (sql: string): object[] => {
    if (sql === 'checkpoint') {
      state.done.push(sql);
      state.logMB = 0;
    }
    if (sql.includes('pg_control_checkpoint')) {
      state.looks++;
      return [{ bytes: state.logMB * 1_000_000 }];
    }
    if (sql.includes('datfrozenxid)')) return [{ age: state.age }];
    if (sql.includes('pg_stat_user_tables')) return state.stale.slice(0, 1).map((name) => ({ name }));
    return [];
  };
  const upkeep = createPGliteUpkeep({
    database: {
      query: <Row>(sql: string) => Promise.resolve(rowsOf(sql) as Row[]),
      maintain(sql) {
        state.done.push(sql);
        state.logMB += state.vacuumMB;
        if (sql === 'vacuum (freeze)') state.age = 0;
        else state.stale = state.stale.filter((name) => !sql.endsWith(name));
        return Promise.resolve();
      },
    },
    hasRoom: () => state.hasRoom,
    clock,
    logger: silentLogger,
  });
  async function pass(ms: number, isUsed = false): Promise<void> {
    for (let passed = 0; passed < ms; passed += second) {
      if (isUsed) upkeep.used();
      clock.advance(second);
      // All promises of a look are resolved by then.
      await new Promise(setImmediate);
    }
  }
  return { upkeep, clock, state, pass };
}

it('does nothing before the database is used, and looks no more once it is idle', async () => {
  const { upkeep, clock, state, pass } = keepUp();
  expect(clock.waiting).toBe(0);
  upkeep.used();
  await pass(10 * minute);
  expect(state.looks).toBe(2);
  expect(state.done).toEqual([]);
  expect(clock.waiting).toBe(0);
});

it('writes a checkpoint after 64 MB of log, even while the database is used', async () => {
  const { state, pass } = keepUp();
  state.logMB = 63;
  await pass(10 * second, true);
  expect(state.done).toEqual([]);
  state.logMB = 64;
  await pass(2 * second, true);
  expect(state.done).toEqual(['checkpoint']);
});

it('writes a checkpoint after 5 minutes, whether or not the database is idle, unless the log is short', async () => {
  const { upkeep, clock, state, pass } = keepUp();
  state.logMB = 2;
  upkeep.used();
  await pass(4 * minute);
  expect(state.done).toEqual([]);
  await pass(1 * minute);
  expect(state.done).toEqual(['checkpoint']);
  expect(clock.waiting).toBe(0);
  state.logMB = 0.5;
  await pass(6 * minute, true);
  expect(state.done).toEqual(['checkpoint']);
  state.logMB = 2;
  await pass(2 * second, true);
  expect(state.done).toEqual(['checkpoint', 'checkpoint']);
});

it('vacuums each table when the database is idle', async () => {
  const { state, pass } = keepUp();
  state.stale = ['public.sessions', 'public.transactions'];
  await pass(10 * second, true);
  expect(state.done).toEqual([]);
  await pass(3 * second);
  expect(state.done).toEqual(['vacuum (analyze) public.sessions', 'vacuum (analyze) public.transactions']);
});

it('writes a checkpoint at once after a vacuum that wrote much log', async () => {
  const { upkeep, state, pass } = keepUp();
  Object.assign(state, { stale: ['public.transactions'], vacuumMB: 100 });
  upkeep.used();
  await pass(2 * second);
  expect(state.done).toEqual(['vacuum (analyze) public.transactions', 'checkpoint']);
});

it('does not wait for idleness longer than a minute if a table is in need', async () => {
  const { state, pass } = keepUp();
  state.stale = ['public.sessions'];
  await pass(2 * minute, true);
  expect(state.done).toEqual(['vacuum (analyze) public.sessions']);
});

it('freezes by age', async () => {
  const { state, pass } = keepUp();
  state.age = 200_000_000;
  await pass(2 * minute, true);
  expect(state.done).toEqual([]);
  await pass(3 * second);
  expect(state.done).toEqual(['vacuum (freeze)']);
  state.age = 1_100_000_000;
  await pass(2 * minute, true);
  expect(state.done).toEqual(['vacuum (freeze)', 'vacuum (freeze)']);
});

it('vacuums nothing while the disk is almost full, but writes checkpoints', async () => {
  const { upkeep, state, pass } = keepUp();
  Object.assign(state, { hasRoom: false, stale: ['public.sessions'], age: 2e9, logMB: 100 });
  upkeep.used();
  await pass(3 * second);
  expect(state.done).toEqual(['checkpoint']);
});

it('goes on after a failure, and stops', async () => {
  const clock = createFakeClock();
  const query = vi.fn(() => Promise.reject(new Error('The database thread has ended.')));
  const maintain = vi.fn();
  const upkeep = createPGliteUpkeep({
    database: { query, maintain },
    hasRoom: () => true,
    clock,
    logger: silentLogger,
  });
  upkeep.used();
  clock.advance(second);
  await new Promise(setImmediate);
  clock.advance(second);
  expect(query).toHaveBeenCalledTimes(2);
  upkeep.stop();
  await new Promise(setImmediate);
  expect(clock.waiting).toBe(0);
  upkeep.used();
  expect(clock.waiting).toBe(0);
});
