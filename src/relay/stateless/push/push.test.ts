import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { LocalNode } from 'cojson';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../database/database.ts';
import type { Relay } from '../../index.ts';
import { sessionsOf, type Content } from '../../../engine/content.ts';
import { createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  push,
  pushBody,
  take,
} from '../../../../test/support/relay/stateless-client.ts';
import { createWriter } from '../../../../test/support/relay/stateless-writer.ts';
import { createClientNode, createStockClient, crypto } from '../../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import {
  loadMap,
  openRelay,
  startGatedRelay,
  startRelay,
} from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';

/** A node that pushes, with a group and a map in it, and all that a relay needs of them. */
/** A copy of the node, as if its browser profile were copied: it writes under the same session. */
function twinOf(node: LocalNode, contents: readonly Content[]): LocalNode {
  const twin = new LocalNode(node.agentSecret, node.currentSessionID, crypto);
  for (const content of contents) twin.syncManager.handleNewContent(structuredClone(content), 'import');
  return twin;
}

/** The committed counts of each session, as any client gets them. */
async function storedOf(relay: Relay, ...ids: readonly string[]) {
  const reader = await createStockClient(relay.url);
  return Promise.all(
    ids.map(async (id) => {
      const loaded = await reader.load(id as never, true);
      return loaded === 'unavailable'
        ? undefined
        : reader.getCoValue(id as Content['id']).knownState().sessions;
    }),
  );
}

const storages = {
  memory: () => Promise.resolve('memory:'),
  PGlite: async () => `pglite:${await createStorage()}`,
} as const;

function pushing(open: () => Promise<string>) {
  let relay: Relay;
  beforeAll(async () => {
    relay = await openRelay({ storage: await open() });
  });
  afterAll(() => relay.close());

  it('[RELAY-65] stores what was pushed, and clients that follow it get it', async () => {
    const { map, all, edit } = await createWriter();
    expect(await push(relay.url, all())).toMatchObject({ status: 200 });
    const reader = await createStockClient(relay.url);
    const theirs = await loadMap(reader, map);
    expect(theirs.get('word')).toBe('first');
    expect((await push(relay.url, edit('second'))).status).toBe(200);
    await until(() => expect(theirs.get('word')).toBe('second'));
  });

  it('[RELAY-65] reaches a client that follows a CoValue that the relay did not have', async () => {
    const { map, all } = await createWriter();
    const reader = await createStockClient(relay.url);
    expect(await reader.load(map.id, true)).toBe('unavailable');
    expect((await push(relay.url, all())).status).toBe(200);
    await until(() => expect(reader.getCoValue(map.id).isAvailable()).toBe(true));
  });

  it('[RELAY-66] answers the same push with the same answer, and stores nothing more', async () => {
    let changes = 0;
    const count = (database: Database): Database => ({
      ...database,
      transaction: (run, options) => {
        changes++;
        return database.transaction(run, options);
      },
    });
    const counted = await startRelay({ storage: await open() }, count);
    const { all, map, node, edit } = await createWriter();
    const first = all();
    const answers = [await push(counted.url, first), await push(counted.url, first)];
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    const session = node.currentSessionID;
    expect(answers[0]?.body).toMatchObject({
      accepted: expect.arrayContaining([
        { id: map.id, sessions: { [session]: map.core.knownState().sessions[session] } },
      ]) as unknown,
      serverChanges: [],
      conflicts: [],
      syncedUntil: null,
      more: false,
    });
    await push(counted.url, edit('second'));
    const before = changes;
    expect((await push(counted.url, first)).body).toEqual(answers[0]?.body);
    expect(changes).toBe(before);
  });

  it('[RELAY-65] takes a group whose members and parents the relay has', async () => {
    const { node, map, all } = await createWriter();
    const guest = await createClientNode();
    await push(relay.url, [...all(), ...changesOf(guest, accountOf(guest))]);
    take(node, changesOf(guest, accountOf(guest)));
    const group = node.createGroup();
    const member = node.getCoValue(accountOf(guest).id as Content['id']).getCurrentContent();
    group.addMember(member as never, 'writer');
    group.extend(map.group);
    const owned = group.createMap();
    expect(await push(relay.url, changesOf(node, group, owned))).toMatchObject({ status: 200 });
  });

  it('[RELAY-65] takes changes in any order', async () => {
    const { map, all, edit } = await createWriter();
    const changes = [...all(), ...edit('two'), ...edit('three')].reverse();
    expect(await push(relay.url, changes)).toMatchObject({ status: 200 });
    const reader = await createStockClient(relay.url);
    expect((await loadMap(reader, map)).get('word')).toBe('three');
  });

  it('[RELAY-65] stores nothing if one change is bad', async () => {
    const [good, bad] = [await createWriter(), await createWriter()];
    await push(relay.url, bad.all());
    const forged = bad.edit('forged').map((change) => ({
      ...change,
      new: Object.fromEntries(
        sessionsOf(change).map(([id, session]) => [
          id,
          { ...session, lastSignature: `${session.lastSignature.slice(0, -3)}xxx` },
        ]),
      ),
    }));
    const refused = await push(relay.url, [...good.all(), ...forged]);
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid' }, ids: [bad.map.id] },
    });
    expect(refused.body).not.toHaveProperty('conflicts');
    expect(await storedOf(relay, good.map.id)).toEqual([undefined]);
    expect((await push(relay.url, good.all())).status).toBe(200);
  });

  it('[RELAY-68] names gaps and forks, and what is missing', async () => {
    const { node, map, all, edit } = await createWriter();
    const session = node.currentSessionID;
    const dependent = await push(relay.url, changesOf(node, map));
    expect(dependent).toMatchObject({ status: 422, body: { error: { code: 'dependency' } } });
    expect(dependent.body.ids).toContain(map.group.id);
    await push(relay.url, all());
    const have = map.core.knownState().sessions[session] ?? 0;
    edit('lost');
    const gap = await push(relay.url, edit('later'));
    expect(gap).toMatchObject({
      status: 409,
      body: {
        error: { code: 'conflict' },
        conflicts: [{ id: map.id, sessionID: session, have, after: have + 1, why: 'gap' }],
      },
    });
    expect(
      (
        await push(
          relay.url,
          edit('x').map((change) => ({ ...change, id: 'co_zabc' })),
        )
      ).status,
    ).toBe(422);
  });

  it('[RELAY-68] refuses the other branch of a session as a fork', async () => {
    const { node, map, all, edit } = await createWriter();
    await push(relay.url, all());
    const session = node.currentSessionID;
    const have = map.core.knownState().sessions[session] ?? 0;
    const mine = edit('mine');
    const twin = mine.map((change) => ({
      ...change,
      new: Object.fromEntries(
        sessionsOf(change).map(([id, one]) => [
          id,
          { ...one, newTransactions: one.newTransactions.map((tx) => ({ ...tx, madeAt: tx.madeAt + 1 })) },
        ]),
      ),
    }));
    expect((await push(relay.url, mine)).status).toBe(200);
    expect(await push(relay.url, twin)).toMatchObject({
      status: 409,
      body: { conflicts: [{ id: map.id, sessionID: session, have: have + 1, after: have, why: 'fork' }] },
    });
  });

  it('[RELAY-65] admits nothing that a connected client may not store', async () => {
    const owner = await createClientNode();
    const group = owner.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ word: 'mine' });
    await push(relay.url, changesOf(owner, accountOf(owner), group, map));
    const stranger = await createStockClient(relay.url);
    const theirs = await stranger.load(map.id);
    expect(theirs).not.toBe('unavailable');
    const intruder = await createClientNode();
    for (const content of changesOf(owner, accountOf(owner), group, map))
      intruder.syncManager.handleNewContent(structuredClone(content), 'import');
    const opened = await loadMap(intruder, map);
    const edits = changesBy(intruder, map, () => {
      opened.core.makeTransaction([{ op: 'set', key: 'word', value: 'theirs' }], 'trusting');
    });
    expect(edits).toHaveLength(1);
    const refused = await push(relay.url, [...changesOf(intruder, accountOf(intruder)), ...edits]);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'forbidden' }, ids: [map.id] } });
    expect(await storedOf(relay, accountOf(intruder).id)).toEqual([undefined]);
  });
}

for (const [name, open] of Object.entries(storages))
  describe(`a push to a relay on ${name}`, () => pushing(open));
describePostgres('a push to a relay on PostgreSQL', () => pushing(createPostgres));

describe('a push', () => {
  it('[RELAY-68] is refused if it is no push', async () => {
    const relay = await startRelay({ storage: 'memory:', limits: { messageBytes: 100_000 } });
    const { all } = await createWriter();
    const one = all();
    const bodies: readonly (readonly [number, string])[] = [
      [400, ''],
      [400, 'x'],
      [400, '[]'],
      [400, '{}'],
      [400, JSON.stringify({ changes: [1] })],
      [400, JSON.stringify({ changes: [{ ...one[0], id: 'nobody' }] })],
      [400, JSON.stringify({ changes: [{ action: 'load', id: one[0]?.id, header: false, sessions: {} }] })],
      [400, JSON.stringify({ changes: one, since: 7 })],
      [400, JSON.stringify({ changes: one, collections: ['co_zabc'] })],
      [413, JSON.stringify({ changes: Array.from({ length: 1_001 }, () => 0) })],
      [413, JSON.stringify({ changes: [], x: 'x'.repeat(100_000) })],
      [413, JSON.stringify({ changes: Array.from({ length: 49_990 }, () => []) })],
    ];
    for (const [status, body] of bodies) {
      const answer = await pushBody(relay.url, body);
      expect([answer.status, body.slice(0, 60)]).toEqual([status, body.slice(0, 60)]);
      expect(answer.body.error).toMatchObject({ code: status === 400 ? 'invalid' : 'too-large' });
    }
    expect((await push(relay.url, [])).body).toMatchObject({ accepted: [] });
    const wrongHeader = one.map((change) =>
      change.header ? { ...change, header: { ...change.header, meta: { type: 'x' } } } : change,
    );
    expect((await push(relay.url, wrongHeader)).status).toBe(400);
    expect(await storedOf(relay, ...one.map(({ id }) => id))).not.toContainEqual(expect.anything());
  });

  it('[RELAY-65] that is cut off stores nothing, and ends nothing', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const { all, map } = await createWriter();
    const body = JSON.stringify({ changes: all() });
    const broken = httpRequest(`${relay.url}/sync`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
    });
    broken.on('error', () => {});
    broken.write(body.slice(0, -10));
    await once(broken, 'socket');
    broken.destroy();
    expect(await storedOf(relay, map.id)).toEqual([undefined]);
    expect((await push(relay.url, all())).status).toBe(200);
  });

  it('[RELAY-65] is answered only after its commit', async () => {
    const { relay, gate } = await startGatedRelay();
    const { all } = await createWriter();
    gate.close();
    let isAnswered = false;
    const answer = push(relay.url, all()).then((one) => {
      isAnswered = true;
      return one;
    });
    await until(() => expect(gate.waiting).toBe(1));
    expect(isAnswered).toBe(false);
    gate.open();
    expect((await answer).status).toBe(200);
  });

  it('[RELAY-68] is refused with 503 while the storage fails, and stored nowhere', async () => {
    const { relay, gate } = await startGatedRelay();
    const { all, map } = await createWriter();
    gate.setFull(true);
    const refused = await push(relay.url, all());
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { code: 'storage', retryAfterMs: 1_000 } },
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    gate.setFull(false);
    expect(await storedOf(relay, map.id)).toEqual([undefined]);
    expect((await push(relay.url, all())).status).toBe(200);
  });

  it('[RELAY-68] is answered while the relay drains, and one that comes later is refused', async () => {
    const { relay, gate } = await startGatedRelay({}, 'ahead');
    const { all } = await createWriter();
    gate.close();
    const answer = push(relay.url, all());
    await until(() => expect(gate.waiting).toBe(1));
    const closing = relay.close();
    const late = await push(relay.url, all());
    expect(late).toMatchObject({ status: 503, body: { error: { code: 'draining' } } });
    gate.open();
    expect((await answer).status).toBe(200);
    await closing;
  });

  it('[RELAY-68] of an app that is too old, or names no version, is refused', async () => {
    const relay = await startRelay({ storage: 'memory:', minAppVersion: '2.0.0' });
    const { all } = await createWriter();
    expect(await push(relay.url, all())).toMatchObject({
      status: 403,
      body: { error: { code: 'outdated' } },
    });
    expect((await push(relay.url, all(), { 'x-app-version': '1.9.0' })).status).toBe(403);
    expect((await push(relay.url, all(), { 'x-app-version': '2.0.0' })).status).toBe(200);
  });

  it('[RELAY-68] of a page of another origin is refused', async () => {
    const origin = 'https://app.example.org';
    const relay = await startRelay({ storage: 'memory:', origins: [origin] });
    const { all } = await createWriter();
    expect((await push(relay.url, all(), { origin: 'https://evil.example.org' })).status).toBe(403);
    const answer = await push(relay.url, all(), { origin });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    const preflight = await fetch(`${relay.url}/sync`, { method: 'OPTIONS', headers: { origin } });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('content-type');
  });
});

describePostgres('a push to several relays', () => {
  it('[RELAY-65] reaches the clients of the others', async () => {
    const storage = await createPostgres();
    const [one, other] = [await startRelay({ storage }), await startRelay({ storage })];
    const { map, all, edit } = await createWriter();
    await push(one.url, all());
    const reader = await createStockClient(other.url);
    const theirs = await loadMap(reader, map);
    expect((await push(one.url, edit('second'))).status).toBe(200);
    await until(() => expect(theirs.get('word')).toBe('second'));
    expect((await push(other.url, edit('third'))).status).toBe(200);
    await until(() => expect(theirs.get('word')).toBe('third'));
  });

  it('[RELAY-65] of one session stores one of two branches, whole', async () => {
    const storage = await createPostgres();
    const relays = [await startRelay({ storage }), await startRelay({ storage })];
    const { node, map, all, edit } = await createWriter();
    await push(relays[0]?.url ?? '', all());
    const twin = twinOf(node, all());
    const theirs = changesBy(twin, map, () => twin.getCoValue(map.id).makeTransaction([], 'trusting'));
    const others = await Promise.all([createWriter(), createWriter()]);
    const pushes = [
      [...others[0].all(), ...edit('mine')],
      [...others[1].all(), ...theirs],
    ];
    const answers = await Promise.all(
      pushes.map((changes, index) => push(relays[index]?.url ?? '', changes)),
    );
    const statuses = answers.map(({ status }) => status);
    expect([...statuses].sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.conflicts).toMatchObject([{ why: 'fork' }]);
    const [reader] = relays;
    const stored = reader && (await storedOf(reader, ...others.map((other) => other.map.id)));
    expect(stored?.map((sessions) => sessions !== undefined)).toEqual(
      statuses.map((status) => status === 200),
    );
  });

  it('[RELAY-65] that loses its connection before the commit stores nothing', async () => {
    const storage = await createPostgres();
    const { relay, gate } = await startGatedRelay({ storage });
    const { all } = await createWriter();
    const client = new Client({ connectionString: storage });
    await client.connect();
    onTestFinished(() => client.end());
    gate.close();
    const answer = push(relay.url, all());
    await until(() => expect(gate.waiting).toBe(1));
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction'`,
    );
    gate.open();
    expect((await answer).status).toBe(503);
    const { rows } = await client.query(`select count(*)::int as count from covalues`);
    expect(rows).toEqual([{ count: 0 }]);
    expect((await push(relay.url, all())).status).toBe(200);
  });
});
