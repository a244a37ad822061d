import { request } from 'node:http';
import type { LocalNode, RawAccount, RawGroup } from 'cojson';
import { afterAll, expect, it } from 'vitest';
import {
  askForSelf,
  erasureNonceOf,
  erasureProofOf,
  exportOf,
} from '../../../test/support/relay/erasure-requests.ts';
import { accountAt, give } from '../../../test/support/relay/given-content.ts';
import { accountOf, changesOf, placeOf, push } from '../../../test/support/relay/stateless-client.ts';
import { audienceOf } from '../../../test/support/relay/stateless-sign-in.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { dumpTables } from '../../../test/support/relay/table-dump.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { ErasurePurpose, SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database } from '../database/database.ts';

let database: Database | undefined;
/** With their parameters. */
const statements: string[] = [];
/** How long each answer about branches is. */
const answers: number[] = [];
let before: (sql: string) => Promise<void> = () => Promise.resolve();
const { url, close } = await openRelay({ storage: 'memory:' }, (opened) => {
  database = opened;
  return {
    ...opened,
    async query(sql, parameters) {
      statements.push(`${sql} ${JSON.stringify(parameters)}`);
      await before(sql);
      const rows = await opened.query(sql, parameters);
      if (sql.includes('"source"')) answers.push(JSON.stringify(rows).length);
      return rows as never;
    },
  };
});
afterAll(close);

const dump = () => (database ? dumpTables(database.query) : Promise.resolve(''));

async function erase(node: LocalNode) {
  const { body } = await askForSelf(url, node, 'erase');
  return (body as unknown as SignedErasureCertificate).certificate;
}

it('[RELAY-90] [RELAY-94] finds what a group owns by its ruleset, however long the header is', async () => {
  const [node, other] = [await createClientNode(), await createClientNode()];
  const group = node.createGroup();
  const long = group.createMap({ word: 'long' }, { text: 'a'.repeat(11_000) });
  const odd = group.createMap({ word: 'odd' }, { ruleset: { group: other.createGroup().id } });
  await push(url, changesOf(node, accountOf(node), group, long, odd));
  const text = await exportOf(url, node);
  for (const { id } of [long, odd]) expect(text).toContain(id);
  expect((await askForSelf(url, node, 'preview')).body).toMatchObject({ coValues: 4 });
  expect(await erase(node)).toMatchObject({ erased: { coValues: 4 }, kept: [] });
  for (const { id } of [group, long, odd]) expect(await dump()).not.toContain(id);
});

it('[RELAY-92] takes the groups in which the person is alone by a group above them', async () => {
  const node = await createClientNode();
  const top = node.createGroup();
  const middle = node.createGroup();
  const low = node.createGroup();
  middle.extend(top);
  low.extend(middle);
  for (const group of [middle, low]) group.removeMember(accountOf(node) as RawAccount);
  const map = low.createMap({ word: 'low' });
  await push(url, changesOf(node, accountOf(node), top, middle, low, map));
  expect(await erase(node)).toMatchObject({ kept: [] });
  for (const { id } of [top, middle, low, map]) expect(await dump()).not.toContain(id);
});

it('[RELAY-92] lists a group of someone else that extends one of the person', async () => {
  const [alice, bob] = [await createClientNode(), await createClientNode()];
  give(alice, bob, accountOf(alice));
  const bobs = accountAt(alice, bob);
  const parent = alice.createGroup();
  parent.addMember(bobs, 'reader');
  give(alice, bob, parent);
  const theirs = bob.createGroup();
  theirs.extend((await bob.load(parent.id)) as RawGroup);
  parent.removeMember(bobs);
  await push(url, changesOf(bob, accountOf(bob)));
  await push(url, changesOf(alice, accountOf(alice), parent));
  await push(url, changesOf(bob, theirs));
  expect((await erase(alice)).kept).toContainEqual({ id: theirs.id, why: 'It has another member.' });
});

it('[RELAY-91] reads nothing for an account that is not stored', async () => {
  const node = await createClientNode();
  statements.length = 0;
  expect((await askForSelf(url, node, 'preview')).status).toBe(404);
  expect((await askForSelf(url, node, 'erase')).status).toBe(404);
  expect(await exportOf(url, node)).toContain('not-found');
  expect(statements.filter((sql) => /from relay\.(transactions|sessions)/.test(sql))).toEqual([]);
});

it('[RELAY-91] answers one request of an account at a time', async () => {
  const node = await createClientNode();
  const groups = Array.from({ length: 50 }, () => node.createGroup());
  await push(url, changesOf(node, accountOf(node), ...groups));
  const answers = await Promise.all([1, 2].map(() => askForSelf(url, node, 'preview')));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 429]);
});

/** Sends a request whose client goes while the relay reads. */
async function askAndGo(node: LocalNode, purpose: ErasurePurpose): Promise<void> {
  const made = { nonce: await erasureNonceOf(url), audience: audienceOf(url), purpose };
  const part = purpose === 'export' ? 'export' : 'erase';
  const asking = request(`${placeOf(url)}/${part}`, { method: 'POST', agent: false });
  // Without an answer.
  asking.on('error', () => {});
  const closed = new Promise((resolve) => asking.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    before = async (sql) => {
      if (!sql.includes('where owner = any')) return;
      before = () => Promise.resolve();
      asking.socket?.end();
      // The relay closes its side after it noticed.
      await closed;
      // Its own event of that comes before this answer.
      await erasureNonceOf(url);
      statements.length = 0;
      resolve();
    };
    asking.on('response', () => reject(new Error('It was answered.')));
    asking.end(JSON.stringify(erasureProofOf(node, made)));
  });
}

it.each(['preview', 'export'] as const)(
  '[RELAY-94] reads nothing more for a client that has gone: %s',
  async (purpose) => {
    const [node, next] = [await createClientNode(), await createClientNode()];
    await push(url, changesOf(node, accountOf(node), node.createGroup()));
    await push(url, changesOf(next, accountOf(next)));
    await askAndGo(node, purpose);
    // It comes after.
    expect((await askForSelf(url, next, 'preview')).status).toBe(200);
    const sessions = `${accountOf(node).id}_session_`;
    expect(statements.filter((one) => one.includes(sessions))).toEqual([]);
  },
);

it('[RELAY-93] an erasure goes on although its client has gone', async () => {
  const node = await createClientNode();
  const group = node.createGroup();
  await push(url, changesOf(node, accountOf(node), group));
  await askAndGo(node, 'erase');
  await until(async () => expect(await dump()).not.toContain(group.id));
});

it('[RELAY-90] a statement looks through a limited number of bytes', async () => {
  const [node, other] = [await createClientNode(), await createClientNode()];
  const group = node.createGroup();
  await push(url, changesOf(node, accountOf(node), group));
  const large = other.createGroup();
  await push(url, changesOf(other, accountOf(other), large));
  await database?.query(
    `insert into transactions select covalue_id, session_id, 1_000 + place, '{"privacy":"private","madeAt":1,"keyUsed":"key_z1","encryptedChanges":"' || repeat('co_z', 50_000) || '"}'
     from sessions, generate_series(1, 10) as place where covalue_id = $1`,
    [large.id],
  );
  await database?.query(
    `insert into covalues select 'co_zBranch' || place, '{"meta":{"source":"co_zNone"}}' || repeat(' ', 200_000), '' from generate_series(1, 10) as place`,
  );
  statements.length = answers.length = 0;
  expect((await askForSelf(url, node, 'preview')).status).toBe(200);
  expect(statements.some((one) => one.includes('regexp_matches(tx') && one.includes(group.id))).toBe(true);
  expect(statements.filter((one) => one.includes('regexp_matches(tx') && one.includes(large.id))).toEqual([]);
  expect(Math.max(...answers)).toBeLessThan(10_000);
});
