import { expect, it } from 'vitest';
import { sessionsOf, type Content } from '../../engine/content.ts';
import { describeStorage, type TestStorage } from '../../../test/support/relay/test-storage.ts';
import { until } from '../../../test/support/until.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import type { Database } from '../database/database.ts';
import { createEraser } from './eraser.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { amountOfContent, nothing, sumOf, type Amount } from './stored-amount.ts';
import type { SqlStorage } from './sql-storage.ts';

/** A storage that charges whoever `payer` is when content is stored. */
function openCharged(test: TestStorage, change: Partial<Database> = {}) {
  const charges = new Map<string, Amount>();
  const who: { payer: string | undefined } = { payer: 'a' };
  const storage = test.open(change, {
    payer: () => who.payer,
    charged: (payer, amount) => void charges.set(payer, sumOf(charges.get(payer) ?? nothing, amount)),
  });
  return { storage, charges, who };
}

async function store(storage: SqlStorage, contents: readonly Content[]): Promise<void> {
  for (const content of contents) storage.store(structuredClone(content), () => undefined);
  await new Promise<void>((resolve) => storage.onceWritten(undefined, resolve));
}

const total = (contents: readonly Content[]) =>
  contents.reduce((sum, content) => sumOf(sum, amountOfContent(content)), nothing);

/** Of a node that stores nothing itself. No principal pays for the beginning. */
async function createStoredMap(test: TestStorage) {
  const node = await createClientNode();
  const group = node.createGroup();
  const map = group.createMap({ a: 1 });
  await store(test.open(), map.core.newContentSince(undefined) ?? []);
  const edit = (value: string) => {
    const before = structuredClone(map.core.knownState());
    map.set('a', value);
    return map.core.newContentSince(before) ?? [];
  };
  return { group, map, edit };
}

describeStorage((test) => {
  const stored = () =>
    test.query<{ bytes: number }>(
      `select ((select coalesce(sum(octet_length(tx)), 0) from relay.transactions)
         + (select coalesce(sum(octet_length(header)), 0) from relay.covalues))::float8 as bytes`,
    );

  it('[RELAY-85] the sender is charged what was not stored before, as many bytes as the rows have', async () => {
    const { group, edit } = await createStoredMap(test);
    const [before] = await stored();
    const { storage, charges, who } = openCharged(test);
    const first = edit('€'.repeat(1_000));
    await store(storage, first);
    const map = group.createMap({ b: '"\\' });
    const second = edit('appended');
    await store(storage, [...second, ...(map.core.newContentSince(undefined) ?? [])]);
    const [after] = await stored();
    expect(charges).toEqual(
      new Map([['a', { bytes: (after?.bytes ?? 0) - (before?.bytes ?? 0), coValues: 1 }]]),
    );
    // The same again costs nothing, also at another relay.
    const other = openCharged(test);
    who.payer = other.who.payer = 'b';
    const all = [...first, ...second, ...(map.core.newContentSince(undefined) ?? [])];
    await store(storage, all);
    await store(other.storage, all);
    expect([...charges.keys(), ...other.charges.keys()]).toEqual(['a']);
  });

  it('[RELAY-85] of what partly overlaps, only the rest is charged, and each sender in a batch for their own', async () => {
    const { edit } = await createStoredMap(test);
    const { storage, charges, who } = openCharged(test);
    const first = edit('first');
    const second = edit('second');
    await store(storage, first);
    const [one] = first;
    const [two] = second;
    const [[sessionID, session]] = sessionsOf(two as Content) as [ReturnType<typeof sessionsOf>[0]];
    const overlapping = {
      ...(two as Content),
      new: {
        [sessionID]: {
          ...session,
          after: session.after - 1,
          newTransactions: [...(one?.new[sessionID]?.newTransactions ?? []), ...session.newTransactions],
        },
      },
    };
    who.payer = 'b';
    storage.store(overlapping, () => undefined);
    who.payer = 'c';
    storage.store(edit('third')[0] as Content, () => undefined);
    who.payer = undefined;
    await store(storage, edit('fourth'));
    expect(charges.get('a')).toEqual(total(first));
    expect(charges.get('b')).toEqual(total(second));
    expect([...charges.keys()]).toEqual(['a', 'b', 'c']);
  });

  it('[RELAY-85] a commit has the same statements, with and without a principal that pays for it', async () => {
    const runs: string[][] = [];
    for (const payer of [undefined, 'a']) {
      const { group, map, edit } = await createStoredMap(test);
      const statements: string[] = [];
      const { storage, charges, who } = openCharged(test, {
        query: (sql, parameters) => (statements.push(sql), test.database.query(sql, parameters)),
        write: (sql, parameters) => (statements.push(sql), test.database.write(sql, parameters)),
        transaction: (run, options) =>
          test.database.transaction(
            (query) => run((sql, parameters) => (statements.push(sql), query(sql, parameters))),
            options,
          ),
      });
      who.payer = payer;
      for (let count = 0; count < 5; count++) await store(storage, edit(`edit ${count}`));
      await store(storage, group.createMap({ b: 1 }).core.newContentSince(undefined) ?? []);
      const before = structuredClone(map.core.knownState());
      map.core.deleteCoValue();
      storage.markDeleteAsValid(map.id);
      await store(storage, map.core.newContentSince(before) ?? []);
      expect(charges.size).toBe(payer === undefined ? 0 : 1);
      runs.push(statements);
    }
    expect(runs[0]?.length).toBeGreaterThan(5);
    expect(runs[1]).toEqual(runs[0]);
  });

  it('[RELAY-85] who deletes a CoValue gets back once what the relay erases', async () => {
    const { map, edit } = await createStoredMap(test);
    const { storage, charges } = openCharged(test);
    const edits = edit('x'.repeat(5_000));
    await store(storage, edits);
    const before = structuredClone(map.core.knownState());
    map.core.deleteCoValue();
    storage.markDeleteAsValid(map.id);
    const deletion = map.core.newContentSince(before) ?? [];
    await store(storage, deletion);
    await test.query(`truncate relay.usage`);
    await test.query(
      `insert into relay.usage (principal, bytes, covalues) values ('a', 100000, 7), ('b', 1, 1)`,
    );
    expect(charges.get('a')).toEqual(sumOf(total(edits), total(deletion)));
    const [rows] = await test.query<{ bytes: number }>(
      `select sum(octet_length(tx))::float8 as bytes from relay.transactions
       where covalue_id = $1 and right(session_id, 1) <> '$'`,
      [map.id],
    );
    const gaveBack: string[] = [];
    const eraser = createEraser(test.database, systemClock, silentLogger, (payer) => gaveBack.push(payer));
    await Promise.all([eraser.eraseAll(), eraser.eraseAll()]);
    await store(storage, deletion);
    await eraser.eraseAll();
    expect(new Set(gaveBack)).toEqual(new Set(['a']));
    expect(rows?.bytes).toBeGreaterThan(5_000);
    await until(async () =>
      expect(
        await test.query(`select principal, bytes, covalues from relay.usage order by principal`),
      ).toEqual([
        { principal: 'a', bytes: 100_000 - (rows?.bytes ?? 0), covalues: 6 },
        { principal: 'b', bytes: 1, covalues: 1 },
      ]),
    );
  });

  it('[RELAY-85] what gives usage back is erased 20 s after it was found, when each relay has written its usage', async () => {
    const { map, edit } = await createStoredMap(test);
    const { storage } = openCharged(test);
    await store(storage, edit('x'.repeat(5_000)));
    const before = structuredClone(map.core.knownState());
    map.core.deleteCoValue();
    storage.markDeleteAsValid(map.id);
    await store(storage, map.core.newContentSince(before) ?? []);
    await test.query(`truncate relay.usage`);
    const clock = createFakeClock();
    const eraser = createEraser(test.database, clock, silentLogger);
    eraser.enable();
    clock.advance(1_000);
    await until(() => expect(clock.waiting).toBe(1));
    await test.query(`insert into relay.usage (principal, bytes, covalues) values ('a', 100000, 7)`);
    clock.advance(20_000);
    await until(async () =>
      expect(await test.query(`select covalues from relay.usage where bytes < 95000`)).toEqual([
        { covalues: 6 },
      ]),
    );
    eraser.stop();
  });
});
