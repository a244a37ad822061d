import { expect, it, vi } from 'vitest';
import { openRawClient } from '../support/relay/raw-client.ts';
import { createStockClient } from '../support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { confirmed, createSharedMap, readHealth, startRelay } from '../support/relay/test-relay.ts';

describePostgres('a relay that can write, and does not hear of what others store', () => {
  it(
    'says so at once, sends its clients away after a while, and takes them again when it hears',
    { timeout: 60_000 },
    async () => {
      let isDeaf = false;
      const relay = await startRelay({ storage: await createPostgres() }, (database) => ({
        ...database,
        async listen(channel, on) {
          const listening = await database.listen?.(channel, on);
          if (!listening) throw new Error('This database tells nobody.');
          return {
            get isListening() {
              return !isDeaf && listening.isListening;
            },
            close: listening.close,
          };
        },
      }));
      const alice = await createStockClient(relay.url);
      const early = await openRawClient(relay.url);
      isDeaf = true;
      expect((await readHealth(relay)).code).toBe(503);
      await confirmed(alice, createSharedMap(alice));
      const told = { maia: 'refused', code: 'storage', closing: true };
      await vi.waitFor(() => expect(early.received).toContainEqual(expect.objectContaining(told)), {
        timeout: 20_000,
      });
      const late = await openRawClient(relay.url);
      await late.waitFor(told);

      isDeaf = false;
      expect((await readHealth(relay)).code).toBe(200);
      const again = await createStockClient(relay.url);
      await confirmed(again, createSharedMap(again));
    },
  );
});
