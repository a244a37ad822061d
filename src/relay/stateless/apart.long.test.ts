import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { pull, pullAll, push, pushBody } from '../../../test/support/relay/stateless-client.ts';
import {
  audienceOf,
  exchange,
  nonceOf,
  post,
  withToken,
} from '../../../test/support/relay/stateless-sign-in.ts';
import { createWriter } from '../../../test/support/relay/stateless-writer.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { openRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import { openPostgresDatabase } from '../database/postgres-database.ts';
import { openAppSchema } from '../database/in-schema.ts';
import { schemaVersion } from '../database/schema.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Relay } from '../index.ts';

function apart(open: () => Promise<string>) {
  let relay: Relay;
  let apps: { readonly a: string; readonly b: string; readonly none: string };
  beforeAll(async () => {
    relay = await openRelay({ storage: await open(), appIDs: ['a', 'b'] });
    apps = { a: `${relay.url}/sync/a`, b: `${relay.url}/sync/b`, none: relay.url };
  });
  afterAll(() => relay.close());

  it('[RELAY-70] what was pushed to one app is in no other one', async () => {
    const { map, all } = await createWriter();
    const { status, body } = await push(apps.a, all());
    expect(status).toBe(200);
    for (const other of [apps.b, apps.none]) {
      expect((await pullAll(other, [map])).changes).toEqual([]);
      const { storage } = (await push(other, [])).body;
      expect(storage).not.toEqual(body.storage);
      // It has no group there.
      expect((await push(other, all().slice(-1))).status).toBe(422);
    }
    expect((await pullAll(apps.a, [map])).changes).not.toEqual([]);
  });

  it('[RELAY-67] [RELAY-70] a cursor of one app is refused at the others', async () => {
    const { map, all } = await createWriter();
    for (const at of Object.values(apps)) await push(at, all());
    const cursors = await Promise.all(
      Object.values(apps).map(async (at) => (await pullAll(at, [map])).cursor),
    );
    for (const [index, at] of Object.values(apps).entries())
      for (const [of, since] of cursors.entries()) {
        const expected = of === index ? 200 : 400;
        expect([index, of, (await pull(at, [map], { since })).status]).toEqual([index, of, expected]);
        const body = JSON.stringify({ changes: [], since });
        expect([index, of, (await pushBody(at, body)).status]).toEqual([index, of, expected]);
      }
  });

  it('[RELAY-70] requests for an app without a namespace are answered with 404', async () => {
    const at = `${relay.url}/sync/c`;
    const answers = [
      await push(at, []),
      await pull(at, ['co_zabc']),
      await post(at, 'nonce'),
      await post(at, 'token'),
    ];
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
    for (const path of ['A/pull', 'a/other', 'a/pull/more', 'pull/pull'])
      expect([path, (await fetch(`${relay.url}/sync/${path}?ids=co_zabc`)).status]).toEqual([path, 404]);
  });
}

describe('two apps of a relay in memory', () => apart(() => Promise.resolve('memory:')));

it.each(['pull', 'nonce', 'token', 'erase', 'export'])(
  '[RELAY-70] %s cannot be the ID of an app',
  async (appID) => {
    await expect(startRelay({ storage: 'memory:', appIDs: [appID] })).rejects.toMatchObject({
      code: 'RELAY_SETTING_INVALID',
    });
  },
);

it('[RELAY-69] [RELAY-70] a token with the claim `app` counts for requests to that app alone', async () => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const relay = await startRelay({ storage: 'memory:', appIDs: ['a', 'b'], auth: { jwksUrl } });
  const token = withToken(await signToken(key, { app: 'a' }));
  expect((await push(`${relay.url}/sync/a`, [], token)).status).toBe(200);
  for (const at of [`${relay.url}/sync/b`, relay.url])
    for (const answer of [await push(at, [], token), await pull(at, ['co_zabc'], {}, token)])
      expect(answer).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
});

describePostgres('two apps of relays on one PostgreSQL', () => {
  apart(createPostgres);

  it('[RELAY-69] [RELAY-70] a nonce and a token count for one app, at all relays', async () => {
    const storage = await createPostgres();
    const options = { storage, appIDs: ['a', 'b'], auth: { account: true } };
    const relays = [await startRelay(options), await startRelay(options)] as const;
    const [here, there] = [`${relays[0].url}/sync/a`, `${relays[1].url}/sync/a`];
    const others = relays.flatMap(({ url }) => [`${url}/sync/b`, url]);
    const node = await createClientNode();
    const nonce = await nonceOf(here);
    for (const other of others) expect((await exchange(other, node, nonce)).status).toBe(401);
    // A proof for another app, although with a nonce of this one.
    expect((await exchange(here, node, nonce, audienceOf(`${relays[0].url}/sync/b`))).status).toBe(401);
    const { status, body } = await exchange(there, node, nonce);
    expect(status).toBe(200);
    const { map, all } = await createWriter();
    const token = withToken(body.token);
    expect((await push(here, all(), token)).status).toBe(200);
    const { cursor } = await pullAll(here, [map], {}, token);
    expect((await pull(there, [map], { since: cursor }, token)).status).toBe(200);
    for (const other of others) expect((await pull(other, [map], {}, token)).status).toBe(401);
  });

  it('[RELAY-70] a request for an app without a namespace creates nothing', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage, appIDs: ['a'] });
    await push(`${relay.url}/sync/c`, []);
    const client = new pg.Client({ connectionString: storage });
    await client.connect();
    const { rows } = await client.query(`select from pg_namespace where nspname like 'maia\\_\\_%'`);
    await client.end();
    expect(rows).toHaveLength(0);
  });

  it('[RELAY-70] the tables of an app are migrated from version 3 with their content, when it is opened', async () => {
    const storage = await createPostgres();
    const { map, all } = await createWriter();
    const relay = await openRelay({ storage, appIDs: ['a'] });
    await push(`${relay.url}/sync/a`, all());
    await relay.close();
    const database = await openPostgresDatabase(storage, 'test', silentLogger);
    const tables = await openAppSchema(database, 'a');
    await tables.query(`drop table relay.relay_secret`);
    await tables.query(`drop table relay.used_nonces`);
    await tables.query(`drop table relay.usage`);
    await tables.query(`alter table relay.deletions drop column payer`);
    await tables.query(`alter table relay.covalues drop column owner`);
    await tables.query(`alter table relay.changes drop column pushed_by`);
    await tables.query(`delete from relay.changes`);
    await tables.query(`update relay.schema_version set version = 3`);
    const later = await startRelay({ storage, appIDs: ['a'] });
    const { changes, cursor } = await pullAll(`${later.url}/sync/a`, [map]);
    expect(changes.map(({ id }) => id)).toContain(map.id);
    expect((await pullAll(`${later.url}/sync/a`, [map], { since: cursor })).changes).toEqual([]);
    expect(await tables.query(`select version from relay.schema_version`)).toEqual([
      { version: schemaVersion },
    ]);
    await database.close();
  });
});
