import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { openMemoryDatabase } from './pglite-database.ts';

let database: Database;
beforeAll(async () => {
  database = await openMemoryDatabase();
  await database.query('create table words (word text primary key, at int4[])');
});
beforeEach(() => database.query('truncate words'));
afterAll(() => database.close());

const add = (word: string, query = database.query) => query('insert into words values ($1)', [word]);
const words = async () =>
  (await database.query<{ word: string }>('select word from words order by word')).map(({ word }) => word);

it('are planned once', async () => {
  await Promise.all(['a', 'b', 'c'].map((word) => add(word)));
  const plans = await database.query(
    `select generic_plans::int4 as generic, custom_plans::int4 as custom from pg_prepared_statements
     where statement = $1`,
    ['insert into words values ($1)'],
  );
  expect(plans).toEqual([{ generic: 3, custom: 0 }]);
  expect(await words()).toEqual(['a', 'b', 'c']);
});

it('take null, arrays and text, and give them back', async () => {
  await database.query('insert into words values ($1, $2), ($3, $4)', ['null', null, `'"\\ü`, [1, 2]]);
  expect(
    await database.query('select * from words where word = any($1) order by word', [['null', `'"\\ü`]]),
  ).toEqual([
    { word: `'"\\ü`, at: [1, 2] },
    { word: 'null', at: null },
  ]);
});

it('work again after one of them has failed, and after one that cannot be planned', async () => {
  await add('a');
  await expect(add('a')).rejects.toMatchObject({ code: '23505' });
  for (let attempt = 0; attempt < 2; attempt++)
    await expect(database.query('select $1::int4 from nowhere', [1])).rejects.toMatchObject({
      code: '42P01',
    });
  await add('b');
  expect(await words()).toEqual(['a', 'b']);
});

it('of others wait for the end of a transaction, even of one that fails', async () => {
  let inside = () => {};
  const isInside = new Promise<void>((resolve) => (inside = resolve));
  let end = () => {};
  const mayEnd = new Promise<void>((resolve) => (end = resolve));
  const failing = database.transaction(async (query) => {
    await add('a', query);
    inside();
    await mayEnd;
    await add('a', query);
  });
  await isInside;
  const others = [add('b'), words(), database.transaction((query) => add('c', query))] as const;
  end();
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect((await Promise.all(others))[1]).toEqual(['b']);
  expect(await words()).toEqual(['b', 'c']);
});

it('of one transaction may be asked at the same time', async () => {
  const texts = Array.from({ length: 5 }, (_, at) => `insert into words values ($1 || '${at}')`);
  await database.transaction((query) => Promise.all(texts.map((text) => query(text, ['a']))));
  expect(await words()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
});

it('are forgotten before they are too many', async () => {
  await database.transaction(async (query) => {
    for (let at = 0; at < 1_100; at++)
      expect(await query(`select $1::int4 + ${at} as sum`, [1])).toEqual([{ sum: at + 1 }]);
  });
  await add('a');
  const [count] = await database.query<{ count: number }>(
    'select count(*)::int4 as count from pg_prepared_statements where $1',
    [true],
  );
  expect(count?.count).toBeLessThan(1_000);
  expect(await words()).toEqual(['a']);
});
