import { randomBytes } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that takes up space, to be removed when the database needs it. */
export interface Ballast {
  readonly bytes: number;
  /** Does nothing if it exists. Leaves nothing if it rejects. */
  make(): Promise<void>;
  remove(): Promise<void>;
}

const chunkBytes = 1_000_000;

/** Finds the one of an earlier run. */
export async function openBallast(directory: string, bytes: number): Promise<Ballast> {
  const path = join(directory, '.ballast');
  let isThere = (await sizeOf(path)) === bytes;

  async function write(): Promise<void> {
    // File systems may compress other content.
    const chunk = randomBytes(Math.min(chunkBytes, bytes));
    const file = await open(path, 'w', 0o600);
    try {
      for (let left = bytes; left > 0; left -= chunk.length) {
        await file.write(chunk, 0, Math.min(left, chunk.length));
      }
    } finally {
      await file.close();
    }
  }

  const remove = () => rm(path, { force: true });
  return {
    bytes,
    async make() {
      if (isThere || bytes === 0) return;
      try {
        await write();
        isThere = true;
      } catch (error) {
        await remove();
        throw error;
      }
    },
    async remove() {
      isThere = false;
      await remove();
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
