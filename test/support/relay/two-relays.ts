import type { RawCoMap } from 'cojson';
import { expect } from 'vitest';
import type { RelayOptions } from '../../../src/relay/index.ts';
import { createStockClient } from './stock-client.ts';
import { createPostgres } from './test-postgres.ts';
import { confirmed, createSharedMap, loadMap, startRelay } from './test-relay.ts';
import { until } from '../until.ts';

/** Two relays on one database, each with a client. Both clients have the same map open. */
export async function startTwoRelays(
  storage?: string,
  options: readonly [RelayOptions?, RelayOptions?] = [],
) {
  const shared = storage ?? (await createPostgres());
  const relays = [
    await startRelay({ storage: shared, ...options[0] }),
    await startRelay({ storage: shared, ...options[1] }),
  ] as const;
  const alice = await createStockClient(relays[0].url);
  const bob = await createStockClient(relays[1].url);
  const mine = createSharedMap(alice);
  await confirmed(alice, mine);
  return { relays, alice, bob, mine, theirs: await loadMap(bob, mine) };
}

export const equal = (mine: RawCoMap, theirs: RawCoMap) =>
  until(() => expect(theirs.toJSON()).toEqual(mine.toJSON()));
