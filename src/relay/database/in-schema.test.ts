import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Query } from './database.ts';
import { inSchema } from './in-schema.ts';
import { openMemoryDatabase } from './pglite-database.ts';
import { prepareSchema } from './schema.ts';

const tables =
  'covalues|sessions|transactions|signatures|deletions|beginnings|changes|storage_identity|schema_version|relay_marks|storage_marks|import_unfinished';

describe('the schema of the tables', () => {
  it('is named in each statement of the relay', () => {
    const bare = new RegExp(
      `(?:\\b(?:from|join|into|update|table|exists|on)\\s+|to_regclass\\(')(?:${tables})\\b(?![.,])`,
    );
    const files = readdirSync('src/relay', { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !/\.test\.|sqlite|in-schema/.test(file),
    );
    expect(files.length).toBeGreaterThan(100);
    const forgotten = files.flatMap((file) =>
      readFileSync(join('src/relay', file), 'utf8')
        .split('\n')
        .filter((line) => bare.test(line) && !/^\s*(?:import|\*|\/[/*])|new Error/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(forgotten).toEqual([]);
  });

  it('is the only one that a statement reads and writes', async () => {
    const database = await openMemoryDatabase();
    onTestFinished(() => database.close());
    const names = ['a', 'A"b-c'];
    const schemas = names.map((name) => inSchema(database, name));
    for (const name of names) await database.query(`create schema "${name.replaceAll('"', '""')}"`);
    for (const schema of [database, ...schemas]) await prepareSchema(schema);
    const insert = (query: Query, id: string) =>
      query(`insert into relay.covalues (id, header) values ($1, '{}')`, [id]);
    for (const [at, schema] of schemas.entries()) {
      await insert(schema.query, `queried${at}`);
      await insert(schema.write, `written${at}`);
      await schema.transaction((query) => insert(query, `in transaction${at}`));
    }
    const idsIn = async ({ query }: { readonly query: Query }) =>
      (await query<{ id: string }>(`select id from relay.covalues order by id`)).map(({ id }) => id);
    expect(await Promise.all([database, ...schemas].map(idsIn))).toEqual([
      [],
      ['in transaction0', 'queried0', 'written0'],
      ['in transaction1', 'queried1', 'written1'],
    ]);
  });
});
