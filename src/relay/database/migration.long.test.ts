import { itMigratesDespiteKills } from '../../../test/long/migrate-and-kill.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';

// `npm run test:soak` migrates each version on each of the two, with 100,000 CoValues.
itMigratesDespiteKills('PGlite', async () => `pglite:${await createStorage()}`, 1, 1_000);

describePostgres('a database', () => {
  itMigratesDespiteKills('PostgreSQL', createPostgres, 2, 1_000);
});
