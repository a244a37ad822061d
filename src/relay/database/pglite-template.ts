import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

const block = 512;
const directoryType = '5';

/**
 * Reads the empty database that the build packs beside this module: creating one takes 5 s of processor time. Undefined in a
 * clone, and if another version of PGlite is installed, which might not open it.
 */
export async function readTemplate(folder: URL = new URL('.', import.meta.url)): Promise<Buffer | undefined> {
  try {
    const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
    const packed = await readFile(fileURLToPath(new URL(templateName(version), folder)));
    return await promisify(brotliDecompress)(packed);
  } catch {
    return undefined;
  }
}

export function templateName(version: string): string {
  return `pglite-${version}.tar.br`;
}

/** Unpacks an archive of PGlite's `dumpDataDir`. */
export async function unpackTemplate(tar: Buffer, directory: string): Promise<void> {
  const text = (start: number, length: number) => {
    const field = tar.toString('utf8', start, start + length);
    return field.slice(0, Math.max(0, field.indexOf('\0')));
  };
  await mkdir(directory, { mode: 0o700 });
  // An archive ends with a block of zeros.
  for (let at = 0; tar[at] !== 0;) {
    if (at >= tar.length) throw new Error('The archive is incomplete.');
    const size = Number.parseInt(text(at + 124, 12), 8);
    const path = join(directory, text(at, 100));
    const content = tar.subarray(at + block, at + block + size);
    const isDirectory = tar.toString('latin1', at + 156, at + 157) === directoryType;
    if (isDirectory) await mkdir(path, { mode: 0o700 });
    else await writeFile(path, content, { mode: 0o600 });
    at += block + Math.ceil(size / block) * block;
  }
}
