import { expect, it } from 'vitest';
import { openRawClient } from '../support/relay/raw-client.ts';
import { createStockClient } from '../support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { confirmed, createSharedMap, deafened, readHealth, startRelay } from '../support/relay/test-relay.ts';
import { until } from '../support/until.ts';

describePostgres('a relay that can write, and does not hear of what others store', () => {
  it(
    'says so, sends its clients away after a while, and takes them again when it hears',
    { timeout: 60_000 },
    async () => {
      let isDeaf = false;
      const relay = await startRelay({ storage: await createPostgres() }, (database) =>
        deafened(database, () => isDeaf),
      );
      const alice = await createStockClient(relay.url);
      const early = await openRawClient(relay.url);
      isDeaf = true;
      await until(async () => expect((await readHealth(relay)).code).toBe(503));
      await confirmed(alice, createSharedMap(alice));
      const told = { maia: 'refused', code: 'storage', closing: true };
      await until(() => expect(early.received).toContainEqual(expect.objectContaining(told)));
      const late = await openRawClient(relay.url);
      await late.waitFor(told);

      isDeaf = false;
      await until(async () => expect((await readHealth(relay)).code).toBe(200));
      const again = await createStockClient(relay.url);
      await confirmed(again, createSharedMap(again));
    },
  );
});
