import { open, stat } from 'node:fs/promises';
import type { Summary } from './export-file.ts';
import type { Progress } from './progress-bar.ts';
import type { Row, Table } from './tables.ts';

export interface SourceRow {
  readonly table: Table;
  readonly row: Row;
  /** The approximate size of the row in the source. */
  readonly bytes: number;
  /** The position after this row. */
  readonly end: Place;
}

/** The number of rows before a position, and the offset of the next row. */
export interface Place {
  readonly rows: number;
  readonly bytes: number;
}

export const beginning: Place = { rows: 0, bytes: 0 };

/** A source for imports. Yields rows in export order. */
export interface ImportSource {
  /** Stays the same until the source is modified, as does the result of `check`. */
  readonly fingerprint: string;
  /** A message about content that is not imported. */
  readonly leftOut?: string;
  /** Reads the whole source. Throws RELAY_SETTING_INVALID if anything is damaged, missing or modified meanwhile. */
  check(progress: Progress): Promise<Summary>;
  /** Requires an earlier `check`. Throws RELAY_SETTING_INVALID if the source was modified since. */
  rows(from: Place): AsyncGenerator<SourceRow>;
  close(): void;
}

/** Fingerprints a set of files, including missing ones. */
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
