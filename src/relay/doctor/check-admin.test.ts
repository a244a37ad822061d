import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDirectory } from '../../../test/support/relay/temporary-storage.ts';
import { checkAdmin } from './check-admin.ts';

it('[RELAY-63] reports on the token of the admin API, and creates none', async () => {
  const folder = await createDirectory();
  const options = { adminPort: 4299, adminTokenFile: join(folder, 'token') };
  expect(await checkAdmin({})).toEqual([]);
  expect(await checkAdmin({ adminPort: 4299 })).toMatchObject([{ isWrong: true, subject: 'admin' }]);
  expect(await checkAdmin(options)).toMatchObject([
    { isWrong: false, text: expect.stringContaining('does not exist yet') as string },
  ]);
  expect(await readdir(folder)).toEqual([]);
  await writeFile(options.adminTokenFile, 'short', { mode: 0o600 });
  expect(await checkAdmin(options)).toMatchObject([{ isWrong: true }]);
  await writeFile(options.adminTokenFile, 'x'.repeat(43));
  expect(await checkAdmin(options)).toMatchObject([{ isWrong: false }]);
});
