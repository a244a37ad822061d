import { open, stat } from 'node:fs/promises';
import type { Summary } from './export-file.ts';
import type { Progress } from './progress-bar.ts';
import type { Row, Table } from './tables.ts';

export interface SourceRow {
  readonly table: Table;
  readonly row: Row;
  /** How much of the source this is, roughly. */
  readonly bytes: number;
  /** How far the source is read once this row is. */
  readonly end: Place;
}

/** How many rows of a source lie before, and where the next one begins. */
export interface Place {
  readonly rows: number;
  readonly bytes: number;
}

export const beginning: Place = { rows: 0, bytes: 0 };

/** What can be imported. Its rows come in the order in which an export of them would have them. */
export interface ImportSource {
  /** As long as nobody writes to the source, this stays the same, and so does what `check` finds. */
  readonly fingerprint: string;
  /** What is in the source and is not imported, for people. */
  readonly leftOut?: string;
  /** Reads all of it. Throws RELAY_SETTING_INVALID where anything is damaged, missing or changes meanwhile. */
  check(progress: Progress): Promise<Summary>;
  /** Of a source that was checked. Throws RELAY_SETTING_INVALID where it was changed since. */
  rows(from: Place): AsyncGenerator<SourceRow>;
  close(): void;
}

/** Of files that belong together; those that are not there count as well. */
export async function fingerprintOf(...files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file, { bigint: true }).catch(() => undefined);
      return found ? `${found.size}@${found.mtimeNs}` : 'none';
    }),
  );
  return parts.join(' ');
}

export async function readStart(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
