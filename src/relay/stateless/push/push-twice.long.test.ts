import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../../../base/seeded-random.ts';
import type { Content } from '../../../engine/content.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  pullAll,
  push,
  take,
} from '../../../../test/support/relay/stateless-client.ts';
import { createClientNode, createStockClient } from '../../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { createSharedMap, loadMap, startRelay } from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';

/** A full run has `MAIA_PUSHES=10000`. */
const pushCount = Number(process.env['MAIA_PUSHES'] ?? 60);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
const maxAtOnce = 8;

interface Sent {
  readonly changes: readonly Content[];
  readonly after: Promise<void>;
}

describePostgres('a random balancer before three relays', () => {
  it(
    `[RELAY-66] pushes, each twice, store each transaction once, and clients see all of them, seed ${seed}`,
    { timeout: 120_000 + 60 * pushCount },
    async () => {
      const random = createRandom(seed);
      const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
      const storage = await createPostgres();
      const relays = await Promise.all([1, 2, 3].map(() => startRelay({ storage })));
      const owner = await createClientNode();
      const shared = createSharedMap(owner);
      const maps = [shared, ...Array.from({ length: 5 }, () => shared.group.createMap({ word: 'first' }))];
      const begin = changesOf(owner, accountOf(owner), shared.group, ...maps);
      expect((await push(pick(relays).url, begin)).status).toBe(200);
      const watcher = await createStockClient(pick(relays).url);
      const watched = await Promise.all(maps.map((map) => loadMap(watcher, map)));

      const tookMs: number[] = [];
      async function send({ changes, after }: Sent): Promise<void> {
        await after;
        const startedMs = performance.now();
        const { status, body } = await push(pick(relays).url, changes);
        tookMs.push(performance.now() - startedMs);
        if (status === 429 || status === 503) return send({ changes, after });
        expect([status, body]).toEqual([200, expect.anything()]);
      }

      /** The pushes of one map come one after the other, each twice, at whichever relays. */
      const last = new Map(maps.map((map) => [map.id, Promise.resolve()]));
      const open = new Set<Promise<unknown>>();
      for (let count = 0; count < pushCount; count++) {
        const map = pick(maps);
        const changes = changesBy(owner, map, () => map.set(pick(['word', 'more']), count));
        const one: Sent = { changes, after: last.get(map.id) ?? Promise.resolve() };
        const both = Promise.all([send(one), send(one)]);
        last.set(
          map.id,
          both.then(() => {}),
        );
        const done = both.finally(() => open.delete(done));
        open.add(done);
        if (open.size >= maxAtOnce) await Promise.race(open);
      }
      await Promise.all(open);

      const views = () => watched.map((map) => map.toJSON());
      await until(() => expect(views()).toEqual(maps.map((map) => map.toJSON())));
      const puller = await createClientNode();
      take(puller, (await pullAll(pick(relays).url, maps)).changes);
      const pulled = await Promise.all(maps.map((map) => loadMap(puller, map)));
      expect(pulled.map((map) => map.toJSON())).toEqual(views());

      const client = new Client({ connectionString: storage });
      await client.connect();
      onTestFinished(() => client.end());
      const ids = [accountOf(owner), shared.group, ...maps].map(({ id }) => id);
      const rows = async (sum: string) =>
        (await client.query<{ sum: number }>(`select ${sum} where covalue_id = any($1)`, [ids])).rows[0]?.sum;
      const made = ids
        .flatMap((id) => Object.values(owner.getCoValue(id as Content['id']).knownState().sessions))
        .reduce((sum, count) => sum + count, 0);
      expect(await rows(`count(*)::int as sum from transactions`)).toBe(made);
      // The log has each of them once.
      expect(await rows(`sum(count)::int as sum from changes`)).toBe(made);
      tookMs.sort((one, other) => one - other);
      process.stdout.write(
        `${tookMs.length} pushes, p50 ${Math.round(tookMs[tookMs.length >> 1] ?? 0)} ms\n`,
      );
    },
  );
});
