import { prepareSchema } from '../../src/relay/database/schema.ts';
import type { Database } from '../../src/relay/database/database.ts';
import { findTable, insertRows, type Row } from '../../src/relay/transfer/tables.ts';
import type { Random } from './seeded-random.ts';

/** Includes text that is hard to encode. */
const pieces = ['word ', '\\"quoted\\"', '\u2028', '\u2029', '😀', 'é', '\\u0000', '\\r\\n', '\\\\'];
const coValuesPerBatch = 500;

/** Fills an empty database with rows like cojson's, determined by the seed. Returns their approximate size in bytes. */
export async function fillDatabase(database: Database, count: number, random: Random): Promise<number> {
  await prepareSchema(database);
  let bytes = 0;
  const json = (length: number) => {
    let text = '';
    while (text.length < length) text += pieces[random(0, pieces.length - 1)];
    bytes += text.length;
    return `{"changes":"${text}"}`;
  };
  for (let from = 0; from < count; from += coValuesPerBatch) {
    const rows: Record<string, Row[]> = {
      covalues: [],
      sessions: [],
      transactions: [],
      signatures: [],
      deletions: [],
    };
    for (let n = from; n < Math.min(count, from + coValuesPerBatch); n++) {
      const id = `co_z${n}`;
      rows.covalues?.push([id, json(random(20, 300))]);
      // Some are large and have intermediate signatures.
      const isLarge = random(1, 300) === 1;
      for (let session = random(0, 3); session > 0; session--) {
        const key = [id, `co_z${random(1, 1_000)}_session_z${session}`] as const;
        const transactions = isLarge ? 5 : random(1, 6);
        for (let idx = 0; idx < transactions; idx++) {
          rows.transactions?.push([...key, idx, json(isLarge ? 50_000 : random(10, 1_000))]);
          if (isLarge) rows.signatures?.push([...key, idx, `signature_z${random(0, 2 ** 31)}`]);
        }
        rows.sessions?.push([...key, transactions, `signature_z${random(0, 2 ** 31)}`, random(0, 100_000)]);
      }
      if (random(1, 50) === 1) rows.deletions?.push([id, random(0, 1) === 1]);
    }
    await database.transaction(async (query) => {
      for (const [name, some] of Object.entries(rows)) await insertRows(query, findTable(name), some);
    });
  }
  return bytes;
}
