import { createHash } from 'node:crypto';
import type { Database, Query } from './database.ts';
import { lockForMigration } from './schema.ts';

/** Statements write `relay.` for the schema of the tables. */
const placeholder = /(?<![\w."])relay\.(?=[a-z])/g;

/** The same database, in whose statements `relay.` is this schema. What was replaced before stays as it is. */
export function inSchema<D extends Pick<Database, 'query' | 'write' | 'transaction'>>(
  database: D,
  schema: string,
): D {
  const prefix = `"${schema.replaceAll('"', '""')}".`;
  /** The statements are those in the code, so there are few. */
  const texts = new Map<string, string>();
  const textOf = (sql: string) => {
    const text = texts.get(sql) ?? sql.replaceAll(placeholder, () => prefix);
    texts.set(sql, text);
    return text;
  };
  const named =
    (query: Query): Query =>
    (sql, parameters) =>
      query(textOf(sql), parameters);
  return {
    ...database,
    query: named(database.query),
    write: named(database.write),
    transaction: (run, options) => database.transaction((query) => run(named(query)), options),
  };
}

/** The tables of one app, in a schema that is created if it is missing. Closing it leaves `database` open. */
export async function openAppSchema(database: Database, appID: string): Promise<Database> {
  const schema = await appSchemaOf(database.query, appID);
  await database.transaction(async (query) => {
    // Two relays that create it at the same time would fail in spite of `if not exists`.
    await lockForMigration(query);
    await query(`create schema if not exists "${schema}"`);
  });
  const { listen } = database;
  return {
    ...inSchema(database, schema),
    ...(listen && { listen: (channel, on) => listen(`${channel}_${hashOf(schema)}`, on) }),
    close: () => Promise.resolve(),
  };
}

/** Where the tables of an app are, or will be created. */
export async function appSchemaOf(query: Query, appID: string): Promise<string> {
  // Storages in different schemas of one database share no app's tables either.
  return `maia__${hashOf(`${await findSchema(query)}/${appID}`)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 32);
}

/** Where the relay's tables are, or will be created. Empty if the user has no schema to create them in. */
export async function findSchema(query: Query): Promise<string> {
  const [found] = await query<{ schema: string | null }>(
    `select coalesce(
       (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = to_regclass('schema_version')),
       current_schema()
     ) as schema`,
  );
  return found?.schema ?? '';
}
