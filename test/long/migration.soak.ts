import { createStorage } from '../support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { itMigratesDespiteKills } from './migrate-and-kill.ts';

const coValueCount = 100_000;

for (const version of [1, 2] as const) {
  itMigratesDespiteKills('PGlite', async () => `pglite:${await createStorage()}`, version, coValueCount);
  describePostgres('a large database', () => {
    itMigratesDespiteKills('PostgreSQL', createPostgres, version, coValueCount);
  });
}
