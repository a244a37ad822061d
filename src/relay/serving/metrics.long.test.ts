import { expect, it } from 'vitest';
import type { Relay } from '../index.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { until } from '../../../test/support/until.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { confirmed, createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';

/** The value of each `GET /metrics` line, by name and labels. */
async function readMetrics(relay: Relay): Promise<Record<string, number>> {
  const response = await fetch(`${relay.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain');
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

it('counts the activity of a relay', async () => {
  const relay = await startRelay();
  const before = await readMetrics(relay);
  expect(before).toMatchObject({ maia_relay_connections: 0, maia_relay_commit_seconds_count: 0 });
  const client = await createStockClient(relay.url);
  await confirmed(client, createSharedMap(client));
  // Other content of the client may still wait for its commit.
  const after = await until(async () => {
    const now = await readMetrics(relay);
    expect(now).toMatchObject({
      maia_relay_connections: 1,
      maia_relay_queue_messages: 0,
      maia_relay_queue_bytes: 0,
      maia_relay_storage_failing: 0,
      maia_relay_set_aside: 0,
    });
    return now;
  });
  for (const name of [
    'maia_relay_messages_total{kind="content",direction="in"}',
    'maia_relay_messages_total{kind="known",direction="out"}',
    'maia_relay_commit_seconds_count',
    'maia_relay_commit_seconds_sum',
    'maia_relay_commit_messages_sum',
    'maia_relay_commit_bytes_sum',
    'maia_relay_covalues',
    'process_cpu_seconds_total',
  ])
    expect([name, after[name]]).toEqual([name, expect.any(Number)]);
  expect(after.maia_relay_commit_messages_sum).toBeGreaterThanOrEqual(2);
  expect(after.maia_relay_covalues).toBeGreaterThanOrEqual(3);
  expect(after).toHaveProperty('nodejs_eventloop_lag_p99_seconds');
});

it('[RELAY-70] counts each app apart', async () => {
  const relay = await startRelay({ storage: 'memory:', appIDs: ['notes', 'chess'] });
  const client = await createStockClient(`${relay.url}/sync/notes`);
  await confirmed(client, createSharedMap(client));
  const metrics = await readMetrics(relay);
  const of = (name: string, labels = '') => metrics[`maia_relay_${name}${labels}`];
  const covalues = [of('covalues'), of('covalues', '{app="notes"}'), of('covalues', '{app="chess"}')];
  expect(covalues).toEqual([0, expect.any(Number), undefined]);
  expect(covalues[1]).toBeGreaterThanOrEqual(3);
  expect(of('commit_messages_sum')).toBe(0);
  expect(of('commit_messages_sum', '{app="notes"}')).toBeGreaterThanOrEqual(2);
  expect(of('messages_total', '{kind="content",direction="in",app="notes"}')).toBeGreaterThanOrEqual(2);
});

const own = async (relay: Relay) =>
  Object.fromEntries(
    Object.entries(await readMetrics(relay)).filter(([name]) => /^maia_relay_(?!.*_bucket)/.test(name)),
  );

it('shows the log and the disk of PGlite', async () => {
  const relay = await startRelay({ storage: `pglite:${await createStorage()}` });
  const client = await createStockClient(relay.url);
  await confirmed(client, createSharedMap(client));
  await until(async () =>
    expect(await own(relay)).toMatchObject({
      maia_relay_database_log_bytes: expect.any(Number) as number,
      maia_relay_disk_free_bytes: expect.any(Number) as number,
      maia_relay_oldest_pending_seconds: 0,
      maia_relay_commits_running: 0,
    }),
  );
  const names = Object.keys(await own(relay));
  expect(names.filter((name) => /bus|log_read|database_(?:conn|wait)/.test(name))).toEqual([]);
});

describePostgres('on PostgreSQL', () => {
  it('shows the connections, the bus and the log, with no label that names anyone', async () => {
    const relay = await startRelay({ storage: await createPostgres() });
    const client = await createStockClient(relay.url);
    const map = createSharedMap(client);
    await confirmed(client, map);
    const now = await own(relay);
    expect(now).toMatchObject({
      'maia_relay_database_connections{state="used"}': expect.any(Number) as number,
      'maia_relay_database_connections{state="idle"}': expect.any(Number) as number,
      maia_relay_database_waiting: 0,
      maia_relay_epochs: 0,
      maia_relay_bus_heard_seconds: expect.any(Number) as number,
      maia_relay_log_read_seconds: expect.any(Number) as number,
    });
    const names = Object.keys(now);
    expect(names.filter((name) => /disk|database_log/.test(name))).toEqual([]);
    for (const secret of [map.id, map.group.id, client.getCurrentAccountOrAgentID(), '127.0.0.1'])
      expect(names.filter((name) => name.includes(secret))).toEqual([]);
  });
});

it('counts refusals by code, and unknown messages as one kind', async () => {
  const relay = await startRelay();
  const client = await openRawClient(relay.url);
  client.send({ maia: 'tomorrow' });
  client.send('not JSON');
  await client.waitFor({ maia: 'refused', code: 'invalid' });
  expect(await readMetrics(relay)).toMatchObject({
    'maia_relay_refused_total{code="invalid"}': 1,
    'maia_relay_messages_total{kind="ignored",direction="in"}': 1,
  });
});

it('is separate for each relay', async () => {
  const [one, other] = [await startRelay(), await startRelay()];
  await openRawClient(one.url);
  expect(await readMetrics(one)).toMatchObject({ maia_relay_connections: 1 });
  expect(await readMetrics(other)).toMatchObject({ maia_relay_connections: 0 });
});
