import { expect, it, onTestFinished, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  deafened,
  readHealth,
  startGatedRelay,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { openStoragePlace } from '../database/storage-place.ts';
import { createRelayOn } from '../relay.ts';
import { freePort } from '../../../test/support/relay/free-port.ts';
import { until } from '../../../test/support/until.ts';

const relayOn = (port: number) => ({ url: `http://127.0.0.1:${port}` });

/** The reasons for which each probe fails; none if it succeeds. */
async function readProbes({ url }: { readonly url: string }) {
  const read = async (probe: string) => {
    const response = await fetch(`${url}/health/${probe}`);
    const { reasons } = (await response.json()) as { readonly reasons: readonly string[] };
    expect(response.status).toBe(reasons.length === 0 ? 200 : 503);
    return reasons;
  };
  return { startup: await read('startup'), live: await read('live'), ready: await read('ready') };
}

const fine = { startup: [], live: [], ready: [] };

// With PostgreSQL, because it takes a fraction of the time to open.
describePostgres('the probes', () => {
  it('[RELAY-41] fail for the startup and the readiness of a relay that starts', async () => {
    const port = await freePort();
    let starting: unknown;
    const relay = await createRelayOn(
      async (place, logger) => {
        starting = await readProbes(relayOn(port));
        return openStoragePlace(place, logger);
      },
      { port, storage: await createPostgres() },
    );
    onTestFinished(relay.close);
    expect(starting).toEqual({ startup: ['starting'], live: [], ready: ['starting'] });
    expect(await readProbes(relay)).toEqual(fine);
  });

  it('[RELAY-41] fail for readiness alone while commits fail', async () => {
    const { relay, gate } = await startGatedRelay({ storage: await createPostgres() });
    const alice = await createStockClient(relay.url);
    gate.setFull(true);
    createSharedMap(alice);
    await until(async () => expect(await readProbes(relay)).toEqual({ ...fine, ready: ['commits'] }));
    // Each failure makes the relay compare its storage for a moment.
    const reasons = expect.arrayContaining(['commits']) as unknown;
    expect((await readHealth(relay)).body).toMatchObject({ ready: false, reasons });
    gate.setFull(false);
    await until(async () => expect(await readProbes(relay)).toEqual(fine));
  });

  it('[RELAY-41] fail for readiness alone while content has waited for its commit for 5 s', async () => {
    const { relay, gate } = await startGatedRelay({ storage: await createPostgres() });
    const alice = await createStockClient(relay.url);
    gate.close();
    const mine = createSharedMap(alice);
    await until(() => expect(gate.waiting).toBe(1));
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 5_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await readProbes(relay)).toEqual({ ...fine, ready: ['backlog'] });
    const { body } = await readHealth(relay);
    expect(body['oldestPendingMs']).toBeGreaterThanOrEqual(5_000);
    gate.open();
    await confirmed(alice, mine);
    expect(await readProbes(relay)).toEqual(fine);
  });

  it('[RELAY-41] fail for readiness alone while the relay does not hear its own notices', async () => {
    let isDeaf = false;
    const relay = await startRelay({ storage: await createPostgres() }, (database) =>
      deafened(database, () => isDeaf),
    );
    expect(await readProbes(relay)).toEqual(fine);
    isDeaf = true;
    await until(async () => expect(await readProbes(relay)).toEqual({ ...fine, ready: ['bus'] }));
    expect((await readHealth(relay)).body['busHeardMs']).toBeGreaterThan(2_000);
    isDeaf = false;
    await until(async () => expect(await readProbes(relay)).toEqual(fine));
  });
});

describePostgres('a relay that drains', () => {
  it('[RELAY-41] serves clients until its delay has passed, while it reports that it is not ready', async () => {
    const clock = createFakeClock();
    const relay = await createRelayOn(
      openStoragePlace,
      { port: 0, storage: await createPostgres(), drainDelayMs: 60_000 },
      clock,
    );
    const early = await openRawClient(relay.url);
    const closed = relay.close();
    expect(await readProbes(relay)).toEqual({ ...fine, ready: ['draining'] });
    const late = await openRawClient(relay.url);
    await late.waitFor({ maia: 'hello' });
    expect(early.closeCode).toBeUndefined();
    clock.advance(60_000);
    await closed;
    for (const { waitFor } of [early, late]) await waitFor({ maia: 'refused', code: 'draining' });
  });

  it('[RELAY-41] answers new connections until its last commit, and accepts no clients', async () => {
    const { relay, gate } = await startGatedRelay({ storage: await createPostgres() });
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    gate.close();
    mine.set('word', 'second', 'trusting');
    await until(() => expect(gate.waiting).toBe(1));
    const closed = relay.close();
    const { code, body } = await readHealth(relay);
    expect([code, body]).toMatchObject([503, { status: 'draining', ready: false, reasons: ['draining'] }]);
    await expect(openRawClient(relay.url)).rejects.toThrow('503');
    gate.open();
    await confirmed(alice, mine);
    await closed;
  });
});
