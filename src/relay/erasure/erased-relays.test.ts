import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { noMetrics } from '../../../test/support/relay/no-metrics.ts';
import { plentyOfMemory } from '../../../test/support/relay/plenty-of-memory.ts';
import { askForSelf } from '../../../test/support/relay/erasure-requests.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { accountOf, changesOf, push } from '../../../test/support/relay/stateless-client.ts';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { loadFromStorage } from '../../engine/covalue-lookup.ts';
import { coValuesOf } from '../../engine/private-fields.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createReadTurns } from '../client/reading/read-turns.ts';
import { readLimits } from '../config/limits.ts';
import type { Database, Query } from '../database/database.ts';
import { openPostgresDatabase } from '../database/postgres-database.ts';
import { openNamespace } from '../namespace/namespace.ts';
import { createRestrictions } from '../operator/restrictions.ts';
import { beginErasure, countDeleted, readErasure } from './erasure-rows.ts';

const canary = 'canary-word';

async function createPerson() {
  const node = await createClientNode();
  const group = node.createGroup();
  const map = group.createMap();
  map.set('word', canary, 'trusting');
  const all = () => changesOf(node, accountOf(node), group, map);
  return { node, group, map, all, accountID: accountOf(node).id, agentIDs: [] };
}

/** A relay without a server, whose memory the test can look into. */
async function openStorage(url: string, change: (database: Database) => Database = (database) => database) {
  const clock = createFakeClock();
  clock.jump(Date.now() - clock.nowMs());
  const database = change(await openPostgresDatabase(url, 'test', silentLogger));
  const restrictions = createRestrictions({
    ...{ database, clock, logger: silentLogger, on: { began() {}, ended() {}, changed() {} } },
    accountIDOf: (agentID) => agentID,
  });
  const namespace = await openNamespace(
    database,
    undefined,
    {
      ...{ clock, logger: silentLogger, limits: readLimits(), turns: createReadTurns(), random: () => 0.5 },
      ...{ restrictions, crypto: await WasmCrypto.create(), memory: plentyOfMemory() },
      ...{ signInMethodsOf: undefined, trapped() {}, ending: () => undefined },
      signInLimits: { signInFailed() {}, signInRefusal: () => undefined, countLookup: () => undefined },
      measuresOf: noMetrics.of,
      isAudience: () => false,
      quotas: undefined,
    },
    {},
  );
  onTestFinished(async () => {
    await namespace.drain(0);
    restrictions.stop();
  });
  return { clock, database, tools: namespace.stateless, publishRestriction: namespace.publishRestriction };
}

describePostgres('relays on one PostgreSQL', () => {
  it('[RELAY-90] forget what one of them erases, in memory, too', async () => {
    const storage = await createPostgres();
    const [one, two] = [await openStorage(storage), await openStorage(storage)];
    const { group, map, all, accountID, agentIDs } = await createPerson();
    for (const content of all()) one.tools.node.syncManager.handleNewContent(content, 'import');
    await new Promise<void>((resolve) => one.tools.storage.onceWritten(undefined, resolve));
    expect(await loadFromStorage(two.tools.node, map.id)).toBe(true);
    // The tests of the storage show the rest of this.
    const discarded = [one, two].map(({ tools }) => vi.spyOn(tools.storage, 'forgetErased'));
    await one.tools.erasures.erase({ accountID, agentIDs });
    const ids = [accountID, group.id, map.id] as const;
    await until(() => {
      // It reads what is new once in a while.
      two.clock.advance(1_000);
      for (const { node } of [one.tools, two.tools])
        for (const id of ids) expect(coValuesOf(node)?.has(id as typeof map.id)).toBe(false);
    });
    for (const { mock } of discarded) expect(mock.calls.flat()).toEqual(expect.arrayContaining([...ids]));
    for (const { restrictions, storage } of [one.tools, two.tools])
      for (const id of ids) {
        expect([restrictions.closedBy(id), restrictions.isTakenDown(id)]).toEqual(['erased', true]);
        expect(storage.getKnownState(id).header).toBe(false);
      }
  });

  it('[RELAY-93] leave an erasure that another one has ended', async () => {
    const storage = await createPostgres();
    let isAway = false;
    const one = await openStorage(storage, (database) => ({
      ...database,
      transaction: (run, options) =>
        database.transaction((query) => {
          const failing: Query = (sql, parameters) => {
            if (isAway && sql.startsWith('delete from relay.sessions')) throw new Error('Away.');
            return query(sql, parameters);
          };
          return run(failing);
        }, options),
    }));
    const two = await openStorage(storage);
    const person = await createPerson();
    for (const content of person.all()) one.tools.node.syncManager.handleNewContent(content, 'import');
    await new Promise<void>((resolve) => one.tools.storage.onceWritten(undefined, resolve));
    isAway = true;
    await expect(one.tools.erasures.erase(person)).rejects.toThrow('Away.');
    await two.tools.erasures.erase(person);
    isAway = false;
    await until(() => {
      one.clock.advance(10_000);
      expect(one.tools.erasures.isBusy()).toBe(false);
    });
  });

  it('[RELAY-93] give a certificate of the same erasure, and count nothing of another one', async () => {
    const storage = await createPostgres();
    const [one, two] = [await openStorage(storage), await openStorage(storage)];
    const [alice, bob] = [await createPerson(), await createPerson()];
    for (const content of [...alice.all(), ...bob.all()])
      one.tools.node.syncManager.handleNewContent(content, 'import');
    await new Promise<void>((resolve) => one.tools.storage.onceWritten(undefined, resolve));
    const certificates = await Promise.all([
      one.tools.erasures.erase(alice),
      two.tools.erasures.erase(alice),
      two.tools.erasures.erase(bob),
    ]);
    expect(certificates.map(({ certificate }) => certificate.erased.coValues)).toEqual([3, 3, 3]);
    expect(certificates[1]).toEqual(certificates[0]);
  });

  it('[RELAY-93] go on with an erasure when they start, at once if two do, and leave it to others while they run', async () => {
    const storage = await createPostgres();
    const [one, begun] = [await openStorage(storage), await openStorage(storage)];
    const person = await createPerson();
    for (const content of person.all()) one.tools.node.syncManager.handleNewContent(content, 'import');
    await new Promise<void>((resolve) => one.tools.storage.onceWritten(undefined, resolve));
    await beginErasure(begun.database, { id: 'begun', person, salt: 'salt', askedAtMs: Date.now() });
    begun.publishRestriction();
    await until(() => expect(one.tools.restrictions.closedBy(person.accountID)).toBe('erased'));
    expect(one.tools.erasures.isBusy()).toBe(false);
    const started = await Promise.all([openStorage(storage), openStorage(storage)]);
    await until(async () => {
      for (const { clock } of started) clock.advance(1_000);
      expect(started.map(({ tools }) => tools.erasures.isBusy())).toEqual([false, false]);
      expect(await one.database.query(`select from relay.covalues`)).toEqual([]);
    });
    const [certificate, ...others] = await one.tools.erasures.certificates(person.accountID);
    expect([certificate?.certificate.erased.coValues, others]).toEqual([3, []]);
  });

  it('[RELAY-93] count what is deleted while a second request begins the erasure anew', async () => {
    const { database } = await openStorage(await createPostgres());
    const begin = (agentIDs: readonly string[]) =>
      beginErasure(database, {
        ...{ id: 'first', salt: 'salt', askedAtMs: 0 },
        person: { accountID: 'co_zPerson', agentIDs },
      });
    const id = await begin([]);
    await database.write(`update relay.erasures set state = 'erasing'`);
    expect(await begin(['agent'])).toBe(id);
    const deleted = { coValues: 1, transactions: 2, bytes: 3 };
    await database.transaction((query) => countDeleted(query, id, deleted));
    expect(await readErasure(database.query, id)).toMatchObject({ state: 'finding', ...deleted });
  });

  it('[RELAY-91] take the keyring entries that a second request proves', async () => {
    const { database, tools } = await openStorage(await createPostgres());
    const { all, accountID } = await createPerson();
    const secret = crypto.newRandomAgentSecret();
    const agentID = crypto.getAgentID(secret);
    const agent = new LocalNode(secret, crypto.newRandomSessionID(agentID), crypto);
    const entry = agent.createGroup();
    for (const content of [...all(), ...changesOf(agent, entry)])
      tools.node.syncManager.handleNewContent(content, 'import');
    await new Promise<void>((resolve) => tools.storage.onceWritten(undefined, resolve));
    const first = await tools.erasures.erase({ accountID, agentIDs: [] });
    expect(await database.query(`select from relay.covalues where id = $1`, [entry.id])).toHaveLength(1);
    const second = await tools.erasures.erase({ accountID, agentIDs: [agentID] });
    expect([first, second].map(({ certificate }) => certificate.erased.coValues)).toEqual([3, 1]);
    expect(await database.query(`select from relay.covalues where id = $1`, [entry.id])).toEqual([]);
  });

  it('[RELAY-90] refuse within seconds what one of them has erased', async () => {
    const storage = await createPostgres();
    const relays = [await startRelay({ storage }), await startRelay({ storage })] as const;
    const { node, map, all } = await createPerson();
    await push(relays[0].url, all());
    const device = await openRawClient(relays[1].url);
    device.send({ action: 'load', id: map.id, header: false, sessions: {} });
    await device.waitFor({ action: 'content', id: map.id });
    expect((await askForSelf(relays[0].url, node, 'erase')).status).toBe(200);
    await device.waitFor({ maia: 'refused', code: 'storage', closing: true });
    // First that the account can write no more, and then what is gone.
    await until(async () => expect((await push(relays[1].url, changesOf(node, map))).status).toBe(403));
  });
});
