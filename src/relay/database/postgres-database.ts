import type { Pool, PoolClient, PoolConfig } from 'pg';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database, Listening, Query } from './database.ts';
import { startListening } from './postgres-listener.ts';
import { readDurability, readIncarnation } from './postgres-facts.ts';
import { createSlots } from '../../base/semaphore.ts';

const connectWithinMs = 5_000;
/** Longer than any commit takes. Without it, a statement whose answer is lost on the way would wait for ever. */
const answerWithinMs = 60_000;
const closeWithinMs = 1_000;
/** Of each as many at a time as there are connections for them: reads, however many, keep no commit waiting. */
const statementCount = 6;
const transactionCount = 2;
const int8 = 20;

/**
 * Opens a PostgreSQL database. A connection that is lost later is replaced at the next statement. Throws
 * RELAY_STORAGE_FAILED when the database cannot be reached. `place` names it in messages: `url` may hold a password.
 */
export async function openPostgresDatabase(url: string, place: string, logger: Logger): Promise<Database> {
  // Only those who use PostgreSQL load its client.
  const { Client, Pool, types } = await import('pg');
  const pool = new Pool({
    ...connectionConfig(url),
    max: statementCount + transactionCount,
    query_timeout: answerWithinMs,
    // A relay that vanished in the middle of a transaction must not hold its locks against the others.
    idle_in_transaction_session_timeout: answerWithinMs,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? Number : (types.getTypeParser(oid, format ?? 'text') as unknown),
    },
  });
  const lost = (error: Error) => logger.warn('A connection to the database was lost', { error });
  pool.on('error', lost);
  // The pool listens to idle connections only, and a lost one that nobody listens to ends the process.
  pool.on('connect', (client) => client.on('error', lost));
  // Waiting in the pool would count as a server that does not let anybody in.
  const statements = createSlots(statementCount);
  const transactions = createSlots(transactionCount);
  const send = queryOf(pool);
  const query: Query = (sql, parameters) => statements.run(() => send(sql, parameters));
  const listenings: Listening[] = [];
  try {
    return {
      durability: await readDurability(query),
      query,
      write: (sql, parameters) => transactions.run(() => send(sql, parameters)),
      transaction: (run) => transactions.run(() => inTransaction(pool, run)),
      incarnation: () => readIncarnation(query),
      async listen(channel, on) {
        const createClient = () => new Client({ ...connectionConfig(url), query_timeout: connectWithinMs });
        const listening = await startListening(createClient, channel, on, logger);
        listenings.push(listening);
        return listening;
      },
      close() {
        for (const listening of listenings) listening.close();
        return endPool(pool);
      },
    };
  } catch (error) {
    await endPool(pool);
    throw orUnreachable(error, place);
  }
}

function connectionConfig(url: string): PoolConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    application_name: 'maia-relay',
  };
}

function queryOf(client: Pool | PoolClient): Query {
  return async <Row>(sql: string, parameters: readonly unknown[] = []) => {
    const { rows } = await client.query(sql, [...parameters]);
    return rows as readonly Row[];
  };
}

async function inTransaction<T>(pool: Pool, run: (query: Query) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    // Each statement has to see what others committed while it waited for their locks, whatever the default is here.
    const begun = client.query('begin isolation level read committed');
    // On its way together with the first statement.
    begun.catch(() => {});
    const result = await run(queryOf(client));
    await begun;
    const { command } = await client.query('commit');
    // PostgreSQL answers so, without an error, when a statement before failed.
    if (command !== 'COMMIT') throw new Error(`The transaction ended with ${command}.`);
    client.release();
    return result;
  } catch (error) {
    // Closing rolls back, also where the connection no longer answers.
    client.release(true);
    throw error;
  }
}

/** Waits for statements that run, and not for a database that does not answer them. */
async function endPool(pool: Pool): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeWithinMs);
  });
  await Promise.race([pool.end(), late]);
  clearTimeout(timer);
}

function orUnreachable(error: unknown, place: string) {
  if (isKernelError(error)) return error;
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The relay's database at ${place} cannot be used: ${reasonOf(error)}. Check that PostgreSQL runs there, and its address, user and password.`,
    { cause: error },
  );
}

/** A host with several addresses fails with one error for each, and no message over them. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
