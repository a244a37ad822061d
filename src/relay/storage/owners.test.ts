import { expect, it } from 'vitest';
import { describeStorage } from '../../../test/support/relay/test-storage.ts';
import { until } from '../../../test/support/until.ts';

describeStorage((test) => {
  async function setUp() {
    const writer = await test.createWriter();
    const maps = [writer.group.createMap({ a: 1 }), writer.group.createMap({ a: 2 })];
    const { group: other } = await test.createWriter();
    other.createMap({ a: 3 });
    const loose = writer.node.createCoValue({
      ...{ type: 'comap', ruleset: { type: 'unsafeAllowAll' }, meta: null, uniqueness: 'loose' },
    });
    loose.newContentSince()?.forEach((content) => writer.storage.store(content, () => undefined));
    await writer.committed();
    const owned = [writer.group, ...maps].map(({ id }) => id).sort();
    return { storage: writer.storage, group: writer.group, owned, loose };
  }

  it('has the owner of each CoValue from its first commit on', async () => {
    const { storage, group, owned, loose } = await setUp();
    expect(await storage.owners.listOwned(group.id, 100)).toEqual(owned);
    expect(await storage.owners.listOwned(group.id, 2)).toEqual(owned.slice(0, 2));
    expect(await storage.owners.listOwned(loose.id, 100)).toEqual([loose.id]);
    expect(await storage.owners.listOwned('co_zNone', 100)).toEqual([]);
  });

  it('[RELAY-73] fills in those that rows of earlier versions lack, whatever their headers have', async () => {
    const { group, owned } = await setUp();
    await test.query(`update covalues set owner = null where id <> $1`, [group.id]);
    const header = (value: object) => JSON.stringify(value);
    const odd = [
      ['co_zOdd1', 'no JSON'],
      ['co_zOdd2', header({ ruleset: { type: 'ownedByGroup', group: '\0' } })],
      ['co_zOdd3', header({ meta: null })],
      ...Array.from({ length: 500 }, (_, index) => [
        `co_zMany${index}`,
        header({ ruleset: { type: 'ownedByGroup', group: group.id }, meta: '\u0000' }),
      ]),
    ] as const;
    await test.query(`insert into covalues (id, header) select * from unnest($1::text[], $2::text[])`, [
      odd.map(([id]) => id),
      odd.map(([, text]) => text),
    ]);
    const storage = test.open();
    expect(await storage.owners.listOwned(group.id, 1_000)).toBeUndefined();
    await until(async () =>
      expect(await storage.owners.listOwned(group.id, 1_000)).toEqual(
        [...owned, ...odd.slice(3).map(([id]) => id)].sort(),
      ),
    );
    for (const [id] of odd.slice(0, 3)) expect(await storage.owners.listOwned(`${id}`, 9)).toEqual([id]);
  });
});
