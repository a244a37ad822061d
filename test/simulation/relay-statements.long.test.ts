import { join } from 'node:path';
import { LocalNode, type CojsonInternalTypes } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { Database } from '../../src/relay/database/database.ts';
import { openPGliteDatabase } from '../../src/relay/database/pglite-database.ts';
import { prepareSchema } from '../../src/relay/database/schema.ts';
import { readClaims, storeClaims, type Claim } from '../../src/relay/beginnings/claims.ts';
import { createBatchWriter } from '../../src/relay/storage/commits/batch-writer.ts';
import { createEraser } from '../../src/relay/storage/eraser.ts';
import { readKnownStates, readSnapshots, readTransactions } from '../../src/relay/storage/read-rows.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { createDice } from './random.ts';
import { openRelayDatabase } from './relay-database.ts';
import { plainSql } from './relay-statements.ts';
import { emptyTables } from './relay-tables.ts';

type Content = CojsonInternalTypes.NewContentMessage;

/** Input for both databases: a group, a growing map, a map too large for one message, and a deleted map. */
async function createContents(): Promise<readonly (readonly Content[])[]> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const group = node.createGroup();
  const map = group.createMap({ n: 0 });
  const large = group.createMap();
  const deleted = group.createMap({ n: 1 });
  const all = () => [group, map, large, deleted].flatMap(({ core }) => core.newContentSince() ?? []);
  const first = all();
  const before = map.core.knownState();
  map.set('n', 2);
  const appended = map.core.newContentSince(before) ?? [];
  for (let n = 0; n < 4; n++) large.set(`part ${n}`, 'x'.repeat(60_000), 'trusting');
  deleted.core.deleteCoValue();
  return [first, appended, appended, all()];
}

/** Every statement that the relay runs, with the results. */
async function exercise(
  { query, write, transaction, ...database }: Database,
  contents: readonly (readonly Content[])[],
) {
  const asked: (readonly [sql: string, rows: readonly unknown[]])[] = [];
  const noting =
    (real: Database['query']): Database['query'] =>
    async (sql, parameters) => {
      const rows = await real(sql, parameters as readonly unknown[]);
      // Without `order by`, the order is unspecified.
      asked.push([plainSql(sql), rows.map((row) => JSON.stringify(row)).sort()]);
      return rows as never;
    };
  const noted: Database = {
    ...database,
    query: noting(query),
    write: noting(write),
    transaction: (run) => transaction((inside) => run(noting(inside))),
  };
  await prepareSchema({ ...database, query, write, transaction });
  const writer = createBatchWriter({
    database: noted,
    isDeletionValid: () => true,
    committed: undefined,
    mark: undefined,
    changed: undefined,
  });
  for (const batch of contents) {
    await writer.commit(
      batch.map((content) => ({
        content,
        correct: () => undefined,
        done: undefined,
        forkCount: 0,
        generation: 0,
      })),
    );
  }
  const claim: Claim = {
    ...{ id: 'co_z', peerID: 'client', digest: 'd', place: 'one', isExclusive: true },
    sessionID: 'co_z_session_z' as Claim['sessionID'],
  };
  for (const place of ['one', 'other', 'one'])
    await noted.transaction((query) =>
      storeClaims(query, [
        { ...claim, place },
        { ...claim, digest: place },
      ]),
    );
  await readClaims(noted.query, ['d', 'other', 'none']);
  const ids = [...new Set(contents.flat().map(({ id }) => id)), 'co_znothing'];
  await readSnapshots(noted.query, ids);
  await readKnownStates(noted.query, ids);
  for (const { id, new: sessions } of contents.flat()) {
    for (const session of Object.keys(sessions)) {
      await readTransactions(noted.query, id, session as keyof typeof sessions, 0, 3);
    }
  }
  await createEraser(noted, systemClock, silentLogger).eraseAll();
  await readSnapshots(noted.query, ids);
  await noted.query('select id from covalues order by id limit $1 offset $2', [2, 1]);
  await noted.query('select count(*)::int4 as count from covalues');
  return asked;
}

it('stands in for PGlite: the same questions get the same answers', async () => {
  const contents = await createContents();
  const standIn = openRelayDatabase({ tables: emptyTables('relay') }, systemClock, createDice(1));
  const real = await openPGliteDatabase(join(await createStorage(), 'postgres'));
  try {
    const answers = await exercise(standIn, contents);
    expect(answers).toEqual(await exercise(real, contents));
    expect(answers.length).toBeGreaterThan(30);
  } finally {
    await real.close();
  }
});

it('throws at a statement that it does not know', async () => {
  const standIn = openRelayDatabase({ tables: emptyTables('relay') }, systemClock, createDice(1));
  await expect(standIn.query('select something from somewhere')).rejects.toThrow('does not implement');
});
