import type { Pool, PoolClient, PoolConfig } from 'pg';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database, Listening, Query } from './database.ts';
import { startListening } from './postgres-listener.ts';
import { isOfStatement, readDurability, readIncarnation } from './postgres-facts.ts';
import { createSemaphore } from '../../base/semaphore.ts';

const connectWithinMs = 5_000;
/** Longer than any commit takes. Without it, a statement whose response is lost would wait forever. */
const answerWithinMs = 60_000;
const closeWithinMs = 1_000;
/** Separate limits, so that any number of reads never delays a commit. Their sum is the number of connections. */
const maxStatements = 6;
const maxTransactions = 2;
const int8 = 20;

/** Replaces lost connections. Throws RELAY_STORAGE_FAILED; errors name `place`, because `url` may contain a password. */
export async function openPostgresDatabase(url: string, place: string, logger: Logger): Promise<Database> {
  // Load the client only if PostgreSQL is used.
  const { Client, Pool, types } = await import('pg');
  const pool = new Pool({
    ...connectionConfig(url),
    max: maxStatements + maxTransactions,
    query_timeout: answerWithinMs,
    // A relay that vanishes during a transaction must not keep its locks.
    idle_in_transaction_session_timeout: answerWithinMs,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? Number : (types.getTypeParser(oid, format ?? 'text') as unknown),
    },
  });
  let notifyLost = () => {};
  const lost = (error: Error) => {
    logger.warn('Lost a connection to the database', { error });
    notifyLost();
  };
  pool.on('error', lost);
  // The pool handles errors of idle connections only, and an unhandled error ends the process.
  pool.on('connect', (client) => client.on('error', lost));
  // Queue statements here, because the pool would report a wait as a connection timeout.
  const statements = createSemaphore(maxStatements);
  const transactions = createSemaphore(maxTransactions);
  const send = queryOf(pool);
  const query: Query = (sql, parameters) => statements.run(() => noticingLoss(send(sql, parameters)));

  async function noticingLoss<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!isOfStatement(error)) notifyLost();
      throw error;
    }
  }

  const listenings: Listening[] = [];
  try {
    return {
      durability: await readDurability(query),
      query,
      write: (sql, parameters) => transactions.run(() => noticingLoss(send(sql, parameters))),
      transaction: (run) => transactions.run(() => noticingLoss(inTransaction(pool, run))),
      incarnation: () => readIncarnation(query),
      onLost(listener) {
        notifyLost = listener;
      },
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
    throw toStorageError(error, place);
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
    // Each statement must see what others committed while it waited for their locks, whatever the default isolation level.
    const begun = client.query('begin isolation level read committed');
    // Awaited below; until then, its rejection must not count as unhandled.
    begun.catch(() => {});
    const result = await run(queryOf(client));
    await begun;
    const { command } = await client.query('commit');
    // After a failed statement, PostgreSQL answers COMMIT with ROLLBACK instead of an error.
    if (command !== 'COMMIT') throw new Error(`The transaction ended with ${command}.`);
    client.release();
    return result;
  } catch (error) {
    // Closing the connection rolls back, even if it no longer responds.
    client.release(true);
    throw error;
  }
}

/** Waits for running statements, but not for a database that does not respond. */
async function endPool(pool: Pool): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeWithinMs);
  });
  await Promise.race([pool.end(), timeout]);
  clearTimeout(timer);
}

function toStorageError(error: unknown, place: string) {
  if (isKernelError(error)) return error;
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The relay's database at ${place} cannot be used: ${reasonOf(error)}. Check that PostgreSQL is running there, and check the address, user and password.`,
    { cause: error },
  );
}

/** A host with several addresses fails with one error per address and no common message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
