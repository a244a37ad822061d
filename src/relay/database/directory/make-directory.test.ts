import { stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDirectory } from '../../../../test/support/relay/temporary-storage.ts';
import { makeDirectory } from './make-directory.ts';

it('creates a directory and its parents for this user alone', async () => {
  const parent = join(await createDirectory(), 'a');
  const path = join(parent, 'b');
  await makeDirectory(path);
  await makeDirectory(path);
  for (const made of [parent, path]) expect((await stat(made)).mode & 0o777).toBe(0o700);
});

it('rejects below a file and below a link to nothing', async () => {
  const directory = await createDirectory();
  await writeFile(join(directory, 'file'), '');
  await symlink(join(directory, 'none'), join(directory, 'link'));
  await expect(makeDirectory(join(directory, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeDirectory(join(directory, 'link', 'a'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it.runIf(process.platform === 'linux')('rejects in /proc, where no directory can be created', async () => {
  await expect(makeDirectory('/proc/maia-relay/a')).rejects.toThrow('/proc/maia-relay');
});
