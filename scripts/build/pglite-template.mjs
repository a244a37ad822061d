import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';

/**
 * Packs an empty database of the installed PGlite, from which a relay starts in a fraction of the time.
 * @param {string} folder
 */
export async function packTemplate(folder) {
  const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
  /** @type {{ version: string }} */
  const { version } = JSON.parse(await readFile(manifest, 'utf8'));
  const database = await PGlite.create('memory://');
  // What creation wrote to the log is two thirds of the template. No database needs it after a checkpoint.
  await database.exec('set wal_recycle = off; select pg_switch_wal(); checkpoint; checkpoint');
  const dump = await database.dumpDataDir('none');
  await database.close();
  const packed = await promisify(brotliCompress)(await dump.arrayBuffer(), {
    // A window that spans the three databases, which are nearly equal. A higher quality takes a minute.
    params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_QUALITY]: 9 },
  });
  await writeFile(join(folder, `pglite-${version}.tar.br`), packed);
}
