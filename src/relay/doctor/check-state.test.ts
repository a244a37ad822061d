import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDirectory } from '../../../test/support/relay/temporary-storage.ts';
import { readStoragePlace } from '../database/storage-place.ts';
import { checkState } from './check-state.ts';

const report = async (storage: string, setting?: string) =>
  (await checkState(readStoragePlace(storage), setting)).map(({ isWrong, text }) => ({ isWrong, text }));
const said = (isWrong: boolean, text: RegExp) => [{ isWrong, text: expect.stringMatching(text) as string }];

it('reports whether the state directory can be written, and leaves nothing behind', async () => {
  const directory = await createDirectory();
  const file = join(directory, 'file');
  await writeFile(file, '');
  const unnoticed = /would not notice a restored storage\. Grant write access .* STATE_DIR\.$/;
  expect(await report('pglite:a', directory)).toEqual(said(false, /can be written/));
  expect(await report(`pglite:${join(directory, 'new')}`)).toEqual(said(false, /new\.state is created/));
  expect(await report('pglite:a', file)).toEqual(said(true, unnoticed));
  expect(await report('pglite:a', join(file, 'below'))).toEqual(said(true, unnoticed));
  expect(await report('postgres://a/b')).toEqual(said(false, /Set STATE_DIR for at least one relay/));
  expect(await report('memory:')).toEqual([]);
  expect(await readdir(directory)).toEqual(['file']);
});
