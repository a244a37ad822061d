import { expect, it } from 'vitest';
import { describeStorage } from '../../../test/support/relay/test-storage.ts';
import { findEmptyTable, findMissingRows } from './missing-rows.ts';

describeStorage((test) => {
  /** More CoValues than are examined at once, each with a session of two transactions. */
  async function fill(count = 4_500): Promise<void> {
    const from = `from generate_series(1, ${count}) as n`;
    for (const values of [
      `covalues select 'co_z' || n, '{}' ${from}`,
      `sessions select 'co_z' || n, 's' || n, 2, 'signature_z' || n, n ${from}`,
      `transactions select 'co_z' || n, 's' || n, idx, '{}' ${from}, generate_series(0, 1) as idx`,
      `signatures select 'co_z' || n, 's' || n, 1, 'signature_z' || n ${from} where n % 10 = 0`,
    ])
      await test.query(`insert into ${values}`);
  }
  const find = () => findMissingRows(test.query);

  it('finds nothing in what relays write and erase, and in a header alone', async () => {
    expect(await find()).toBeUndefined();
    const { storage, group, committed } = await test.createWriter();
    const map = group.createMap({ a: 1 });
    await committed();
    expect(await find()).toBeUndefined();
    map.core.deleteCoValue();
    await map.core.waitForSync();
    await committed();
    await storage.eraseAllDeletedCoValues();
    await test.query(`insert into covalues values ('co_zHeader', '{}')`);
    expect(await find()).toBeUndefined();
    expect(await findEmptyTable(test.query)).toBeUndefined();
  });

  it('counts the CoValues whose rows are missing in a table', async () => {
    await fill();
    expect(await find()).toBeUndefined();
    await test.query(`delete from transactions where covalue_id = 'co_z7' and idx = 0`);
    expect(await find()).toBe('the table transactions lacks rows of 1 CoValue');
    await test.query(`update sessions set last_idx = 1 where covalue_id in ('co_z8', 'co_z4500')`);
    await test.query(`delete from covalues where id in ('co_z8', 'co_z9', 'co_z10')`);
    expect(await find()).toBe(
      'the table covalues lacks rows of 3 CoValues, and the table sessions lacks rows of 2 CoValues, and the table transactions lacks rows of 1 CoValue',
    );
  });

  it.each(['covalues', 'sessions', 'transactions'] as const)('finds that %s is empty', async (table) => {
    await fill();
    await test.query(`delete from ${table}`);
    expect(await find()).toBe(`the table ${table} lacks rows of 4500 CoValues`);
    expect(await findEmptyTable(test.query)).toBe(table);
  });

  it('finds a session that has left only its signatures', async () => {
    await fill(20);
    await test.query(`delete from sessions`);
    await test.query(`delete from transactions`);
    expect(await find()).toBe(
      'the table sessions lacks rows of 2 CoValues, and the table transactions lacks rows of 2 CoValues',
    );
  });
});
