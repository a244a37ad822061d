import { expect, it, vi } from 'vitest';
import type { Relay } from '../index.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
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
  const after = await vi.waitFor(async () => {
    const now = await readMetrics(relay);
    expect(now).toMatchObject({
      maia_relay_connections: 1,
      maia_relay_queue_messages: 0,
      maia_relay_queue_bytes: 0,
      maia_relay_storage_failing: 0,
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
