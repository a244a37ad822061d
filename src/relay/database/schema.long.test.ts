import { expect, it, onTestFinished } from 'vitest';
import { openMemoryDatabase } from './pglite-database.ts';
import { prepareSchema } from './schema.ts';

it('says what to do if only one of its tables was restored', async () => {
  const database = await openMemoryDatabase();
  onTestFinished(() => database.close());
  await database.query('create table covalues (id text)');
  await expect(prepareSchema(database)).rejects.toMatchObject({
    code: 'RELAY_STORAGE_FAILED',
    message: expect.stringMatching(
      /"covalues" already exists\. It has .* not all .* an empty database/,
    ) as string,
  });
});
