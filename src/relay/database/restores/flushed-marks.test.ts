import { expect, it, onTestFinished } from 'vitest';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { silentLogger } from '../../../base/logger.ts';
import { openPostgresDatabase } from '../postgres-database.ts';
import { prepareSchema } from '../schema.ts';
import { addMark } from './storage-marks.ts';

describePostgres('a database that does not wait for its disk', () => {
  it('[RECEIPT-1] has flushed a mark, and what was committed before it, once the mark is read', async () => {
    const url = new URL(await createPostgres());
    url.searchParams.set('options', '-c synchronous_commit=off');
    const database = await openPostgresDatabase(url.href, 'the test', silentLogger);
    onTestFinished(database.close);
    await prepareSchema(database);
    for (let round = 0; round < 5; round++) {
      await database.write(`insert into beginnings (digest, place) values ($1, 'place')`, [
        `digest ${round}`,
      ]);
      const [before] = await database.query<{ lsn: string }>(
        `select pg_current_wal_insert_lsn()::text as lsn`,
      );
      await addMark(database);
      const [after] = await database.query<{ isFlushed: boolean }>(
        `select pg_current_wal_flush_lsn() >= $1::pg_lsn as "isFlushed"`,
        [before?.lsn],
      );
      expect(after).toEqual({ isFlushed: true });
    }
  });
});
