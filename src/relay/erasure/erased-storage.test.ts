import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { askForSelf, exportOf } from '../../../test/support/relay/erasure-requests.ts';
import { accountOf, changesOf, pull, push } from '../../../test/support/relay/stateless-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { dumpTables } from '../../../test/support/relay/table-dump.ts';
import {
  createDirectory,
  createStorage,
  memoryTemplate,
} from '../../../test/support/relay/temporary-storage.ts';
import { createSharedMap, openRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database } from '../database/database.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import { exportStorage } from '../transfer/export-storage.ts';
import { importStorage } from '../transfer/import-storage.ts';
import { openExportFile } from '../transfer/read-export-file.ts';
import { beginErasure } from './erasure-rows.ts';

const canary = 'canary-word';

/** With maps of their own, and one that everyone may write. */
async function createPerson(mapCount = 1) {
  const node = await createClientNode();
  const group = node.createGroup();
  const maps = Array.from({ length: mapCount }, (_, place) => {
    const map = group.createMap();
    map.set('word', `${canary} ${place}`, 'trusting');
    return map;
  });
  const shared = createSharedMap(node);
  const all = () => changesOf(node, accountOf(node), group, ...maps, shared.group, shared);
  return { node, group, maps, shared, all, accountID: accountOf(node).id };
}

it.each([
  ['', 'at the next start'],
  ['/sync/notes', 'at the next start, also in an app that nobody visits'],
])('[RELAY-93] at %j, an erasure that a crash interrupts is ended %s', async (place) => {
  const appIDs = ['notes'];
  const storage = `pglite:${await createStorage()}`;
  const { node, maps, all, accountID } = await createPerson(150);
  let deletions = 0;
  const crashing = (database: Database): Database => ({
    ...database,
    transaction: (run, options) =>
      database.transaction(
        (query) =>
          run((sql, parameters) => {
            if (/delete from \S*covalues/.test(sql) && ++deletions > 1)
              return Promise.reject(new Error('The power is gone.'));
            return query(sql, parameters);
          }),
        options,
      ),
  });
  const first = await openRelay({ storage, appIDs }, crashing);
  const firstURL = `${first.url}${place}`;
  await push(firstURL, all());
  expect((await askForSelf(firstURL, node, 'erase')).status).toBe(503);
  expect(await push(firstURL, changesOf(node, ...maps.slice(-1)))).toMatchObject({ status: 403 });
  await first.close();
  let database: Database | undefined;
  const second = await startRelay({ storage, appIDs }, (opened) => (database = opened));
  const dump = async () => (database ? dumpTables(database.query) : '');
  await until(async () => expect(await dump()).toContain('.certificates ('));
  expect(await dump()).not.toContain(canary);
  const answer = await askForSelf(`${second.url}${place}`, node, 'erase');
  const { certificate } = answer.body as unknown as SignedErasureCertificate;
  // The group, its maps, and what each of them had.
  expect(certificate).toMatchObject({ accountID, erased: { coValues: 151 } });
  expect(deletions).toBeGreaterThan(1);
});

it('[RELAY-90] an erasure in one namespace leaves the others alone', async () => {
  const relay = await startRelay({ storage: 'memory:', appIDs: ['a', 'b'] });
  const { node, maps, all } = await createPerson();
  const apps = [`${relay.url}/sync/a`, `${relay.url}/sync/b`] as const;
  for (const app of apps) await push(app, all());
  const { body } = await askForSelf(apps[0], node, 'erase');
  expect(body).toMatchObject({ certificate: { appID: 'a' } });
  expect((await push(apps[0], changesOf(node, ...maps))).status).toBe(403);
  expect((await push(apps[1], changesOf(node, ...maps))).status).toBe(200);
  expect(JSON.stringify((await pull(apps[1], maps)).body)).toContain(canary);
});

it('[RELAY-93] an erasure goes on in a copy that was exported while it ran', async () => {
  let database: Database | undefined;
  const first = await startRelay({ storage: 'memory:' }, (opened) => (database = opened));
  const { node, all, accountID } = await createPerson();
  await push(first.url, all());
  if (!database) throw new Error('Not open.');
  const person = { accountID, agentIDs: [] };
  await beginErasure(database, { id: 'begun', person, salt: 'salt', askedAtMs: Date.now() });
  const file = join(await createDirectory(), 'export.jsonl');
  await exportStorage(database, file, () => {});
  const copy = await openMemoryDatabase({ template: await memoryTemplate() });
  await importStorage(copy, await openExportFile(file), () => {});
  const second = await startRelay({ storage: 'memory:' }, () => copy);
  await until(async () => expect(await dumpTables(copy.query)).toContain('.certificates ('));
  expect(await dumpTables(copy.query)).not.toContain(canary);
  expect((await push(second.url, changesOf(node, accountOf(node)))).status).toBe(403);
});

describe('[RELAY-94] an export', () => {
  it('has what an erasure would take, and nothing of others, in the form that an import reads', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const { node, group, maps, shared, all, accountID } = await createPerson(120);
    const other = await createPerson();
    for (const changes of [all(), other.all()]) await push(relay.url, changes);
    const text = await exportOf(relay.url, node);
    for (const theirs of [other.accountID, other.group.id, shared.id]) expect(text).not.toContain(theirs);
    const file = join(await createDirectory(), 'mine.jsonl');
    await writeFile(file, text);
    const database = await openMemoryDatabase({ template: await memoryTemplate() });
    onTestFinished(() => database.close());
    await importStorage(database, await openExportFile(file), () => {});
    const ids = await database.query<{ id: string }>(`select id from relay.covalues order by id`);
    expect(ids.map(({ id }) => id)).toEqual([accountID, group.id, ...maps.map(({ id }) => id)].sort());
    const words = await database.query(`select from relay.transactions where tx like '%${canary}%'`);
    expect(words).toHaveLength(120);
  });
});

it('[RELAY-95] an admin erases, exports, and gets certificates again, and the log does not name the account', async () => {
  const lines: string[] = [];
  const note = (...line: unknown[]) => void lines.push(JSON.stringify(line));
  const { relay, act, adminUrl, token } = await startAdministeredRelay({
    logger: { debug: note, warn: note },
    backupDays: 30,
  });
  const { node, group, all, accountID } = await createPerson();
  await push(relay.url, all());
  const response = await fetch(`${adminUrl}/export`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ id: accountID }),
  });
  expect(await response.text()).toBe(await exportOf(relay.url, node));
  const preview = await act('erase', { id: accountID, dryRun: true });
  expect(preview).toMatchObject({ coValues: 2, backupDays: 30 });
  const erased = (await act('erase', { id: accountID })) as unknown as SignedErasureCertificate;
  const { doneAt, backupsUntil } = erased.certificate;
  expect(Date.parse(backupsUntil ?? '') - Date.parse(doneAt)).toBe(30 * 86_400_000);
  expect(await act('certificates', { id: accountID })).toEqual({ certificates: [erased] });
  const log = lines.join('\n');
  expect(log).toContain('Admin erase account#');
  for (const gone of [accountID, group.id, canary]) expect(log).not.toContain(gone);
});
