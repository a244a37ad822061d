import { schemaVersion } from '../../src/relay/database/schema.ts';
import { keyOf, storedCounts, type OpenTables, type SessionRow, type SignatureRow } from './relay-tables.ts';

type Parameters = readonly unknown[];
type Rows = readonly unknown[];
type Run = (tables: OpenTables, parameters: Parameters) => Rows;

const texts = (value: unknown) => value as readonly string[];
const numbers = (value: unknown) => value as readonly number[];
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Implements the relay's SQL statements, by how each begins. `relay-statements.long.test.ts` runs the same statements on
 * PGlite and compares the results.
 */
const statements: Readonly<Record<string, Run>> = {
  // The tables exist from the start.
  'select pg_advisory_xact_lock': () => [],
  'create table if not exists schema_version': () => [],
  'select version from schema_version': () => [{ version: schemaVersion }],
  'with begun as': () => [],
  // Nothing in a simulation reads the log of changes.
  'insert into changes': () => [],
  'delete from changes': () => [],
  'select id, epoch from storage_identity': ({ identity }) => [identity],
  'create table if not exists restrictions': () => [],
  'create table if not exists quotas': () => [],
  'create table if not exists storage_marks': () => [],
  'create table if not exists erasures': () => [],
  'create table if not exists erased': () => [],
  'create table if not exists certificates': () => [],
  'do $do$': () => [],
  // No account is erased in a simulation.
  'select id, account_id as "accountID"': () => [],
  'select kind, id, reason, until_ms': () => [],
  // No device in a simulation asks for receipts.
  'select secret from relay_secret': () => [{ secret: 'secret' }],
  'with added as ( insert into storage_marks': () => [],
  'select number, name from storage_marks order': () => [{ number: 1, name: 'mark' }],
  "select to_regclass('import_unfinished')": () => [{ isThere: false }],

  // The tables begin empty, and the rows that a relay inserts have owners.
  'select id, header from covalues where owner is null': () => [],
  'with present as': ({ covalues }, [all, ids, headers]) => {
    const present = texts(all).filter((id) => covalues.has(id));
    const added = texts(ids).filter((id) => !covalues.has(id));
    for (const [index, id] of texts(ids).entries())
      if (!covalues.has(id)) covalues.set(id, texts(headers)[index] ?? '');
    return [...added.map((id) => ({ id, isNew: true })), ...present.map((id) => ({ id, isNew: false }))];
  },
  // Transactions run one after the other, so locks are unnecessary.
  'select id from covalues where id = any($1::text[]) order by id for update': ({ covalues }, [ids]) =>
    [...new Set(texts(ids))]
      .filter((id) => covalues.has(id))
      .sort(byText)
      .map((id) => ({ id })),
  'select id from covalues order by id limit': ({ covalues }, [limit, offset]) =>
    [...covalues.keys()]
      .sort(byText)
      .slice(Number(offset), Number(offset) + Number(limit))
      .map((id) => ({ id })),
  'select count(*)::int4 as count from covalues': ({ covalues }) => [{ count: covalues.size }],
  'select covalue_id as "covalueID"': ({ sessions }, [ids, sessionIDs]) => {
    const keys = new Set(texts(ids).map((id, index) => keyOf(id, texts(sessionIDs)[index] ?? '')));
    return [...keys].flatMap((key) => sessions.get(key) ?? []);
  },
  'select session_id as session, last_idx as count': (tables, [id]) =>
    Object.entries(storedCounts(tables, String(id)) ?? {}).map(([session, count]) => ({ session, count })),
  'select id, session_id as session, last_idx as count': (tables, [ids]) =>
    [...new Set(texts(ids))].flatMap((id): Rows => {
      const counts = Object.entries(storedCounts(tables, id) ?? {});
      if (counts.length > 0) return counts.map(([session, count]) => ({ id, session, count }));
      return tables.covalues.has(id) ? [{ id, session: null, count: null }] : [];
    }),
  'select id, header, session_id as session': snapshots,
  'select tx from transactions': ({ transactions }, [id, session, from, to]) =>
    (transactions.get(keyOf(String(id), String(session))) ?? [])
      .slice(Number(from), Number(to))
      .map((tx) => ({ tx })),
  'select distinct t.covalue_id as id': overlaps,

  'insert into beginnings': ({ beginnings }, [digests, places]) =>
    texts(digests).flatMap((digest, index) => {
      if (beginnings.has(digest)) return [];
      beginnings.set(digest, texts(places)[index] ?? '');
      return [{ digest }];
    }),
  'select digest, place from beginnings': ({ beginnings }, [digests]) =>
    texts(digests).flatMap((digest) => {
      const place = beginnings.get(digest);
      return place === undefined ? [] : [{ digest, place }];
    }),

  'with new_transactions as': (tables, parameters) => {
    const [transactions, signatures, sessions] = [
      parameters.slice(0, 4),
      parameters.slice(4, 8),
      parameters.slice(8),
    ];
    insertTransactions(tables, transactions);
    insertSignatures(tables, signatures);
    for (const row of sessionRows(sessions)) {
      const key = keyOf(row.covalueID, row.sessionID);
      if ((tables.sessions.get(key)?.lastIdx ?? -1) < row.lastIdx) tables.sessions.set(key, row);
    }
    return [];
  },
  'with locked as': append,
  'insert into deletions': ({ deletions }, [ids]) => {
    for (const id of texts(ids)) deletions.set(id, false);
    return [];
  },

  'select covalue_id as id, payer from deletions where not erased': ({ deletions }) =>
    [...deletions]
      .filter(([, isErased]) => !isErased)
      .map(([id]) => ({ id, payer: null }))
      .sort((a, b) => byText(a.id, b.id)),
  'select from covalues where id = $1 for update': ({ covalues }, [id]) =>
    covalues.has(String(id)) ? [{}] : [],
  'delete from transactions': ({ transactions }, [id]) => erase(transactions, String(id)),
  'delete from signatures': ({ signatures }, [id]) => erase(signatures, String(id)),
  'delete from sessions': ({ sessions }, [id]) => erase(sessions, String(id)),
  'update deletions set erased = true': ({ deletions }, [id]) => {
    if (deletions.has(String(id))) deletions.set(String(id), true);
    return [];
  },
};

const starts = Object.keys(statements);

/** Without the schema, and with plain white space. */
export const plainSql = (sql: string) =>
  sql
    .replace(/\brelay\.(?=[a-z])/g, '')
    .replace(/\s+/g, ' ')
    .trim();

/** Throws for a statement that is not implemented here. */
export function runStatement(tables: OpenTables, sql: string, parameters: Parameters): Rows {
  const plain = plainSql(sql);
  const start = starts.find((text) => plain.startsWith(text));
  const run = start === undefined ? undefined : statements[start];
  if (!run) throw new Error(`The simulation does not implement this statement: ${plain}`);
  return run(tables, parameters);
}

function snapshots({ covalues, sessions, signatures, transactions }: OpenTables, [ids]: Parameters): Rows {
  return [...new Set(texts(ids))].sort(byText).flatMap((id): Rows => {
    const header = covalues.get(id);
    if (header === undefined) return [];
    const rows = [...sessions.values()]
      .filter(({ covalueID }) => covalueID === id)
      .sort((a, b) => byText(a.sessionID, b.sessionID));
    const none = { session: null, lastIdx: null, lastSignature: null, signatures: null, transactions: null };
    if (rows.length === 0) return [{ id, header, ...none }];
    return rows.map(({ sessionID: session, lastIdx, lastSignature }) => {
      const cuts = signatures.get(keyOf(id, session)) ?? [];
      const whole = cuts.length === 0 ? (transactions.get(keyOf(id, session)) ?? []).join(',') : null;
      return {
        ...{ id, header, session, lastIdx, lastSignature },
        signatures: cuts.length === 0 ? null : jsonOf(cuts),
        transactions: whole === '' ? null : whole,
      };
    });
  });
}

/** In PostgreSQL's JSON format. */
function jsonOf(cuts: readonly SignatureRow[]): string {
  return `[${cuts.map(({ idx, signature }) => `{"idx" : ${idx}, "signature" : "${signature}"}`).join(', ')}]`;
}

function overlaps({ transactions }: OpenTables, [ids, sessionIDs, after, until]: Parameters): Rows {
  const found = new Map<string, unknown>();
  texts(ids).forEach((id, index) => {
    const sessionID = texts(sessionIDs)[index] ?? '';
    const stored = transactions.get(keyOf(id, sessionID)) ?? [];
    for (let idx = numbers(after)[index] ?? 0; idx < (numbers(until)[index] ?? 0); idx++) {
      const tx = stored[idx];
      if (tx !== undefined) found.set(`${keyOf(id, sessionID)} ${idx}`, { id, sessionID, idx, tx });
    }
  });
  return [...found.values()];
}

function append(tables: OpenTables, parameters: Parameters): Rows {
  const [ids, sessionIDs, lastIdxs] = parameters;
  const isWritten = texts(ids).every((id, index) => {
    const row = tables.sessions.get(keyOf(id, texts(sessionIDs)[index] ?? ''));
    return row !== undefined && row.lastIdx === numbers(lastIdxs)[index];
  });
  if (isWritten) {
    insertTransactions(tables, parameters.slice(3, 7));
    insertSignatures(tables, parameters.slice(7, 11));
    for (const row of sessionRows(parameters.slice(11))) {
      tables.sessions.set(keyOf(row.covalueID, row.sessionID), row);
    }
  }
  return [{ isWritten, isMarked: true }];
}

function insertTransactions({ transactions }: OpenTables, [ids, sessionIDs, idxs, txs]: Parameters): void {
  texts(ids).forEach((id, index) => {
    const key = keyOf(id, texts(sessionIDs)[index] ?? '');
    const stored = transactions.get(key) ?? [];
    // Checks the primary key, and that no earlier transaction is missing.
    if (stored.length !== numbers(idxs)[index]) throw new Error(`Transaction out of its place in ${key}.`);
    transactions.set(key, [...stored, texts(txs)[index] ?? '']);
  });
}

function insertSignatures({ signatures }: OpenTables, [ids, sessionIDs, idxs, values]: Parameters): void {
  texts(ids).forEach((id, index) => {
    const key = keyOf(id, texts(sessionIDs)[index] ?? '');
    const row = { idx: numbers(idxs)[index] ?? 0, signature: texts(values)[index] ?? '' };
    signatures.set(key, [...(signatures.get(key) ?? []), row]);
  });
}

function sessionRows([ids, sessionIDs, lastIdxs, lastSignatures, bytes]: Parameters): readonly SessionRow[] {
  return texts(ids).map((covalueID, index) => ({
    covalueID,
    sessionID: texts(sessionIDs)[index] ?? '',
    lastIdx: numbers(lastIdxs)[index] ?? 0,
    lastSignature: texts(lastSignatures)[index] ?? '',
    bytesSinceSignature: numbers(bytes)[index] ?? 0,
  }));
}

/** All sessions except deletion sessions. */
function erase(table: Map<string, unknown>, id: string): Rows {
  for (const key of [...table.keys()]) if (key.startsWith(`${id} `) && !key.endsWith('$')) table.delete(key);
  return [];
}
