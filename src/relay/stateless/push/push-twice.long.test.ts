import type { LocalNode } from 'cojson';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../../../base/seeded-random.ts';
import { sessionsOf, type Content } from '../../../engine/content.ts';
import { bundleRelay, spawnRelay, type RelayProcess } from '../../../../test/support/relay/relay-process.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  pull,
  push,
  take,
  type StatelessAnswer,
} from '../../../../test/support/relay/stateless-client.ts';
import { addStockPeer, createClientNode } from '../../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { createSharedMap, loadMap } from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';

/** A full run has `MAIA_PUSHES=10000`. */
const pushCount = Number(process.env['MAIA_PUSHES'] ?? 3_000);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
const mapCount = 100;
const maxAtOnce = 8;
const pushesPerRestart = Math.ceil(pushCount / 8);
const retryMs = 20;

type Pick = <T>(values: readonly T[]) => T;

interface Relays {
  /** The address of any relay that has not been stopped. */
  anyUrl(): string;
  /** Ends one of them, with or without warning, and starts it again. */
  restartAny(): Promise<void>;
}

async function startRelays(storage: string, pick: Pick): Promise<Relays> {
  const script = await bundleRelay();
  const relays = new Map<RelayProcess, string>();
  async function start(): Promise<void> {
    const relay = spawnRelay(script, '--port=0', `--storage=${storage}`);
    relays.set(relay, await relay.url);
  }
  for (let count = 0; count < 3; count++) await start();
  return {
    anyUrl: () => pick([...relays.values()]),
    async restartAny() {
      const relay = pick([...relays.keys()]);
      relay.kill(pick(['SIGKILL', 'SIGTERM']));
      // The balancer has not noticed it for a while.
      await delay(retryMs);
      relays.delete(relay);
      await relay.ended;
      await start();
    },
  };
}

/** Asks relay after relay until one answers. */
async function ask(
  { anyUrl }: Relays,
  request: (url: string) => Promise<StatelessAnswer>,
): Promise<StatelessAnswer['body']> {
  for (;;) {
    const answer = await request(anyUrl()).catch(() => undefined);
    if (answer && answer.status !== 429 && answer.status !== 503) {
      expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
      return answer.body;
    }
    await delay(retryMs);
  }
}

/** A stock client that connects to another relay whenever it loses its own. */
async function createFollower({ anyUrl }: Relays): Promise<LocalNode> {
  const node = await createClientNode();
  let hasEnded = false;
  let end = () => {};
  function connect(): void {
    if (hasEnded) return;
    node.syncManager.removePeer('relay');
    const socket = addStockPeer(node, anyUrl());
    end = () => socket.terminate();
    // A relay that was killed refuses the connection; `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => setTimeout(connect, retryMs));
  }
  connect();
  onTestFinished(() => {
    hasEnded = true;
    end();
  });
  return node;
}

/** Pulls with cursors, and fails if it lacks a transaction of one of these before a later one. What is committed during a pull may come twice. */
async function createPuller(
  relays: Relays,
  query: Readonly<Record<string, string>>,
  counted: ReadonlySet<string>,
) {
  const node = await createClientNode();
  const counts = new Map<string, number>();
  let since: string | undefined;
  let pulls = 0;

  function count(change: Content): void {
    if (!counted.has(change.id)) return;
    for (const [sessionID, { after, newTransactions }] of sessionsOf(change)) {
      const key = `${change.id} ${sessionID}`;
      const before = counts.get(key) ?? 0;
      if (after > before)
        throw new Error(`The pulls lack transactions of ${key} from ${before} to ${after}.`);
      counts.set(key, Math.max(before, after + newTransactions.length));
    }
  }

  return {
    node,
    counts,
    pulls: () => pulls,
    async pullAll(): Promise<void> {
      for (let hasMore = true; hasMore;) {
        const from = since === undefined ? {} : { since };
        const body = await ask(relays, (url) => pull(url, [], { ...query, ...from }));
        const answer = body as { serverChanges: Content[]; syncedUntil: string; more: boolean };
        answer.serverChanges.forEach(count);
        take(node, answer.serverChanges);
        since = answer.syncedUntil;
        hasMore = answer.more;
        pulls++;
      }
    },
  };
}

describePostgres('a random balancer before three relays that are restarted', () => {
  it(
    `[RELAY-66] [RELAY-67] ${pushCount} pushes, each twice, are stored once; pulls and clients get all of them, seed ${seed}`,
    { timeout: 180_000 + 60 * pushCount },
    async () => {
      const random = createRandom(seed);
      const pick: Pick = (values) => values[Math.floor(random() * values.length)] as (typeof values)[number];
      const storage = await createPostgres();
      const relays = await startRelays(storage, pick);
      const owner = await createClientNode();
      const first = createSharedMap(owner);
      const { group } = first;
      const maps = [first, ...Array.from({ length: mapCount - 1 }, () => group.createMap({ word: 'first' }))];
      await ask(relays, (url) => push(url, changesOf(owner, accountOf(owner), group, ...maps)));

      const followers = await Promise.all([createFollower(relays), createFollower(relays)]);
      const followed = await Promise.all(
        followers.map((node) => Promise.all(maps.map((map) => loadMap(node, map)))),
      );
      const ids = maps.map(({ id }) => id);
      const pullers = await Promise.all(
        [{ ids: ids.join(',') }, { collection: group.id }].map((query) =>
          createPuller(relays, query, new Set(ids)),
        ),
      );
      let isPushing = true;
      const pulling = Promise.all(
        pullers.map(async ({ pullAll }) => {
          while (isPushing) {
            await pullAll();
            await delay(250);
          }
        }),
      );
      // It is awaited after the pushes.
      pulling.catch(() => {});

      let restarts = 0;
      let restarting = Promise.resolve();
      /** The pushes of one map come one after the other. */
      const last = new Map(maps.map((map) => [map.id, Promise.resolve()]));
      const open = new Set<Promise<unknown>>();
      for (let count = 1; count <= pushCount; count++) {
        const map = pick(maps);
        const changes = changesBy(owner, map, () => map.set(pick(['word', 'more']), count));
        const pushed = last.get(map.id)?.then(async () => {
          await Promise.all([1, 2].map(() => ask(relays, (url) => push(url, changes))));
        });
        const done: Promise<void> = (pushed ?? expect.unreachable()).finally(() => open.delete(done));
        last.set(map.id, done);
        open.add(done);
        if (open.size >= maxAtOnce) await Promise.race(open);
        if (count % pushesPerRestart !== 0) continue;
        await restarting;
        restarting = relays.restartAny();
        restarts++;
      }
      await Promise.all([...open, restarting]);
      isPushing = false;
      await pulling;

      const shown = maps.map((map) => map.toJSON());
      for (const some of followed)
        await until(() => expect(some.map((map) => map.toJSON())).toEqual(shown), 60_000);
      const sessionsIn = (node: LocalNode, id: string) =>
        node.getCoValue(id as Content['id']).knownState().sessions;
      const made = new Map(
        ids.flatMap((id) =>
          Object.entries(sessionsIn(owner, id)).map(([sessionID, count]) => [`${id} ${sessionID}`, count]),
        ),
      );
      for (const { node, counts, pullAll } of pullers) {
        await pullAll();
        expect(counts).toEqual(made);
        const pulled = await Promise.all(maps.map((map) => loadMap(node, map)));
        expect(pulled.map((map) => map.toJSON())).toEqual(shown);
      }

      const client = new Client({ connectionString: storage });
      await client.connect();
      onTestFinished(() => client.end());
      const stored = [accountOf(owner).id, group.id, ...ids];
      const rows = async (sum: string) =>
        (await client.query<{ sum: number }>(`select ${sum} where covalue_id = any($1)`, [stored])).rows[0]
          ?.sum;
      const total = stored
        .flatMap((id) => Object.values(sessionsIn(owner, id)))
        .reduce((sum, count) => sum + count, 0);
      expect(total).toBeGreaterThan(pushCount);
      expect(await rows(`count(*)::int as sum from transactions`)).toBe(total);
      // The log has each of them once.
      expect(await rows(`sum(count)::int as sum from changes`)).toBe(total);
      process.stdout.write(
        `${pushCount} pushes, each twice, ${restarts} restarts, ${pullers.map(({ pulls }) => pulls()).join(' and ')} pulls, ${total} rows\n`,
      );
    },
  );
});
