import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Side } from '../../../test/support/relay/app-values.ts';
import { signedRank } from '../../../test/support/relay/signed-rank.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { openTwoApps, withoutIDs, type Answer, type Send } from '../../../test/support/relay/two-apps.ts';
import { until } from '../../../test/support/until.ts';
import { createRandom } from '../../base/seeded-random.ts';
import type { Database, Query } from '../database/database.ts';

/**
 * Each pair is one request to app B about what app A has, and the same about what is nowhere. The answers must be alike, and it
 * must be chance which of the two takes longer, however fast the machine is. In CI, each kind of request has 60 pairs. A full
 * run has 10,000 in all, for each database:
 * `MAIA_PAIRS=10000 npx vitest run --config test/long/vitest.config.ts --project long src/relay/namespace/learns-nothing`
 */
const pairCount = Number(process.env['MAIA_PAIRS'] ?? 29 * 60);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
/** Chance exceeds it once in two million times. */
const maxDeviations = 5;

/** What is in each answer of the kind: that there is no such thing, in the form that fits. */
const expected: Readonly<Record<string, string>> = {
  load: '"known","id":"co_z","header":false',
  'load of the rest': '"known","id":"co_z","header":false',
  known: '"known","id":"co_z","header":false',
  inspect: '"known":null',
  reconcile: '"load","id":"co_z","header":false',
  'content without a header': '"known":null',
  'content without its group': '"known":null',
  'pull of IDs': '\\"serverChanges\\":[],',
  'pull of IDs since a cursor of B': '\\"serverChanges\\":[],',
  'pull of a collection': '[403,',
  'pull since a cursor of A': '[400,',
  'pull since a cursor of A that names B': '[410,',
  'push without a header': '[422,',
  'push without the group': '[422,',
  'push of a copy': '[200,',
  'notices of a collection': '4403]',
  'notices with a token of A': '4401]',
  'pull with a token of A': '[401,',
  'push with a token of A': '[401,',
  'push with a ticket of A': '[401,',
  'proof with a nonce of A': '[401,',
  'request on a channel of A': '[410,',
};

/**
 * Sends each request to both sides, in random order, and returns the answers and how much longer those about A took. Each kind
 * has the same number of pairs.
 */
async function askBoth(
  { sides, asks }: Awaited<ReturnType<typeof openTwoApps>>,
  names: readonly string[],
  pairs: number,
) {
  const random = createRandom(seed);
  const seen = new Map(
    names.map((name) => [name, { texts: [[], []] as [string[], string[]], longerMs: [] as number[] }]),
  );
  for (let count = 0; count < pairs; count++) {
    const name = names[count % names.length] as string;
    const [first, second] = [random(), random()];
    const order = random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const);
    const prepared: Send[] = [];
    for (const index of order)
      prepared[index] = (await asks[name]?.(sides[index], first, second)) ?? expect.unreachable();
    const answers: Answer[] = [];
    for (const index of order) answers[index] = (await prepared[index]?.()) ?? expect.unreachable();
    const [there, nowhere] = answers as [Answer, Answer];
    const of = seen.get(name);
    of?.texts[0].push(there.text);
    of?.texts[1].push(nowhere.text);
    of?.longerMs.push(there.tookMs - nowhere.tookMs);
  }
  return seen;
}

function countEach(texts: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

async function learnsNothing(storage: string): Promise<void> {
  // One kind of request pushes these.
  const all = await openTwoApps(storage, Math.ceil(pairCount / 20));
  const { sides, asks, clients } = all;
  const seen = await askBoth(all, Object.keys(asks), pairCount);
  for (const [name, { texts }] of seen) {
    const answer = expected[name.replace(/ over .*/, '')] ?? '';
    for (const text of texts[1]) expect([name, text]).toEqual([name, expect.stringContaining(answer)]);
    expect([name, countEach(texts[0])]).toEqual([name, countEach(texts[1])]);
  }
  // How often the relay asks for what content lacks depends on when it gave up the time before.
  const frames = ({ isIn }: Side) =>
    clients.map(({ received }) => {
      const texts = received.map((frame) => JSON.stringify(frame)).filter(isIn);
      return [...new Set(texts.map(withoutIDs))].sort();
    });
  // It gives up half a minute after the first content.
  await until(() => {
    const [there, nowhere] = [frames(sides[0]), frames(sides[1])];
    for (const texts of there) expect(texts).toContainEqual(expect.stringContaining('"refused"'));
    expect(there).toEqual(nowhere);
  }, 90_000);
  const deviations = [...seen].map(([name, { texts, longerMs }]) => ({
    ...{ name, z: signedRank(longerMs), count: longerMs.length, answers: new Set(texts[0]).size },
  }));
  for (const { name, z, count, answers } of deviations)
    process.stdout.write(`${name}: ${count} pairs, ${answers} answers, z ${z.toFixed(2)}\n`);
  const overall = signedRank([...seen.values()].flatMap(({ longerMs }) => longerMs));
  process.stdout.write(`all: z ${overall.toFixed(2)}\n`);
  expect(deviations.filter(({ z }) => Math.abs(z) >= maxDeviations)).toEqual([]);
  expect(Math.abs(overall)).toBeLessThan(maxDeviations);
}

const timeout = 600_000 + 200 * pairCount;

it(
  `[RELAY-70] on PGlite, ${pairCount} pairs of requests for what another app has learn nothing`,
  { timeout },
  () => learnsNothing('memory:'),
);
describePostgres('on PostgreSQL', () => {
  it(
    `[RELAY-70] ${pairCount} pairs of requests for what another app has learn nothing`,
    { timeout },
    async () => learnsNothing(await createPostgres()),
  );
});

/** A database that takes a millisecond longer for whatever is about something in A. */
function leaking(database: Database, isInA: (text: string) => boolean): Database {
  const slower =
    (query: Query): Query =>
    async (sql, parameters) => {
      if (isInA(JSON.stringify(parameters ?? []))) await delay(1);
      return query(sql, parameters);
    };
  return {
    ...database,
    query: slower(database.query),
    transaction: (run, options) => database.transaction((query) => run(slower(query)), options),
  };
}

it('a database read that takes 1 ms longer for what another app has would show', { timeout }, async () => {
  const all = await openTwoApps('memory:', 0, leaking);
  const names = Object.keys(all.asks).filter((name) => /^(inspect|load|pull of)/.test(name));
  const seen = await askBoth(all, names, 1_000);
  const deviations = signedRank([...seen.values()].flatMap(({ longerMs }) => longerMs));
  process.stdout.write(`with a leak: z ${deviations.toFixed(2)}\n`);
  expect(deviations).toBeGreaterThan(maxDeviations);
});
