import type { LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { openDevice } from '../../../test/support/auth/asked-devices.ts';
import { openSignedInClient } from '../../../test/support/auth/signed-in-client.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { accountOf, changesOf } from '../../../test/support/relay/stateless-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { createSharedMap } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { Database } from '../database/database.ts';

const idOf = (node: LocalNode) => node.expectCurrentAccountID('test');
const long = 'x'.repeat(10_000);
const auth = { account: true };

const erasingNothing = (database: Database): Database => ({
  ...database,
  query: (sql, parameters) =>
    sql.includes('where not erased') ? Promise.resolve([]) : database.query(sql, parameters),
});

it('[RELAY-85] what was used is known after a restart, and to a namespace that was closed', async () => {
  const storage = `pglite:${await createStorage()}`;
  const options = { storage, auth, quota: { bytes: 30_000 }, appIDs: ['notes'] };
  const node = await createClientNode();
  const used: unknown[] = [];
  for (const run of [1, 2]) {
    const { relay } = await startAdministeredRelay(options);
    for (const path of ['/sync', '/sync/notes']) {
      const client = await openSignedInClient(relay.url, node, path);
      used.push(client.welcome['quota']);
      if (run === 2) continue;
      client.sendContent(changesOf(node, accountOf(node)));
      await client.waitFor({ action: 'known', id: idOf(node), header: true });
    }
    await relay.close();
  }
  const [none, noneThere, some, someThere] = used;
  expect([none, noneThere]).toEqual([1, 2].map(() => ({ bytes: 30_000, usedBytes: 0, usedCoValues: 0 })));
  expect(some).toMatchObject({ usedCoValues: 1 });
  expect(someThere).toEqual(some);
});

describePostgres('[RELAY-85] several relays on one PostgreSQL', () => {
  it('add up what one account stores through them, and all have the quota that one of them sets', async () => {
    const options = { storage: await createPostgres(), auth, quota: { bytes: 30_000 } };
    const one = await startAdministeredRelay(options);
    const two = await startAdministeredRelay(options);
    const { node, sync } = await openDevice(two.relay.url, 'account');
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    const id = idOf(node);
    const [before] = (await two.act('quotas'))['usage'] as { usedBytes: number }[];
    const carrier = await openSignedInClient(one.relay.url, node);
    const other = createSharedMap(node);
    other.set('long', long, 'trusting');
    await sync.whenConfirmed();
    carrier.sendContent(changesOf(node, accountOf(node), map.group, map, other.group, other));
    await carrier.waitFor({ action: 'known', id: other.id, header: true });
    const lists = [await two.act('quotas'), await one.act('quotas')];
    // Content that the second relay had taken cost nothing at the first one.
    expect(lists[1]).toEqual(lists[0]);
    const [after] = lists[1]?.['usage'] as { usedBytes: number }[];
    expect(after?.usedBytes).toBeGreaterThan((before?.usedBytes ?? 0) + 10_000);
    expect(after?.usedBytes).toBeLessThan((before?.usedBytes ?? 0) + 13_000);

    await one.act('quota', { id, bytes: 0 });
    await until(async () =>
      expect((await two.act('quotas'))['usage']).toMatchObject([{ id, ownQuota: { bytes: 0 } }]),
    );
    map.set('word', 'refused', 'trusting');
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_QUOTA' }));
    await one.act('quota', { id, default: true });
    await sync.whenConfirmed();
  });

  it('give back what one of them erases, and ask for what another one refused', async () => {
    const options = { storage: await createPostgres(), auth, quota: { bytes: 30_000 } };
    const one = await startAdministeredRelay(options, erasingNothing);
    const { node, sync } = await openDevice(one.relay.url, 'account');
    const map = createSharedMap(node);
    const other = createSharedMap(node);
    for (const key of ['a', 'b']) {
      map.set(key, long, 'trusting');
      await sync.whenConfirmed();
    }
    other.set('c', long, 'trusting');
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_QUOTA' }));
    const [full] = (await one.act('quotas'))['usage'] as { usedBytes: number }[];
    map.core.deleteCoValue();
    await until(async () => {
      const [row] = (await one.act('quotas'))['usage'] as { usedBytes: number }[];
      expect(row?.usedBytes).toBeGreaterThan(full?.usedBytes ?? Infinity);
    });
    // It erases what was deleted before its start.
    const two = await startAdministeredRelay(options);
    await sync.whenConfirmed();
    const [row] = (await two.act('quotas'))['usage'] as { usedBytes: number; usedCoValues: number }[];
    expect(row?.usedBytes).toBeLessThan(20_000);
    // The account, its profile and that one's group, two groups and two maps, less the map that is deleted.
    expect(row?.usedCoValues).toBe(6);
  });
});
