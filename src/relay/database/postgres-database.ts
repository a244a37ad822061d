import type { ClientBase, Pool, PoolClient, PoolConfig } from 'pg';
import { systemClock, type Clock } from '../../base/clock.ts';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { cancelStatement } from './cancel-statement.ts';
import {
  defaultStatementMs,
  togetherLanes,
  type Database,
  type Listening,
  type Query,
  type TransactionOptions,
} from './database.ts';
import { findSchema, inSchema } from './in-schema.ts';
import { startListening } from './postgres-listener.ts';
import { isOfStatement, readDurability, readIncarnation } from './postgres-facts.ts';
import { createSemaphore } from '../../base/semaphore.ts';

const connectWithinMs = 5_000;
/** After the limit of a statement. Without it, a statement whose response is lost would wait forever. */
const answerWithinMs = 5_000;
/** A relay that vanishes during a transaction must not keep its locks. */
const idleTransactionMs = 60_000;
const closeWithinMs = 1_000;
/** Separate limits, so that any number of reads never delays a commit. Their sum is the number of connections. */
const maxStatements = 6;
/** Beside the lanes: one that retries what was locked, one for upkeep, and those for content that belongs together. */
const otherTransactions = 2 + togetherLanes;
const int8 = 20;

export interface PostgresOptions {
  /** A statement that takes longer is cancelled. */
  readonly statementMs?: number | undefined;
  /** How many transactions that write content may run at once. */
  readonly lanes?: number | undefined;
  /** How long a commit waits for a lock of another transaction. */
  readonly lockMs?: number | undefined;
  /** The address at which to listen, if `url` is that of a pooler. */
  readonly listenUrl?: string | undefined;
  readonly clock?: Clock;
}

/** Replaces lost connections. Throws RELAY_STORAGE_FAILED; errors name `place`, because an address may contain a password. */
export async function openPostgresDatabase(
  url: string,
  place: string,
  logger: Logger,
  options: PostgresOptions = {},
): Promise<Database> {
  // Load the client only if PostgreSQL is used.
  const { Client, Pool, types } = await import('pg');
  const { statementMs = defaultStatementMs, lanes = 4, lockMs = 500 } = options;
  const { listenUrl = url, clock = systemClock } = options;
  const maxTransactions = lanes + otherTransactions;
  // A pooler may run the statements of one connection on several.
  const names = listenUrl === url ? createStatementNames() : undefined;
  const pool = new Pool({
    ...connectionConfig(url),
    ...(names && { onConnect: plan }),
    max: maxStatements + maxTransactions,
    // Limits of the client alone: PgBouncer refuses connections that begin with other settings.
    query_timeout: statementMs + answerWithinMs,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? Number : (types.getTypeParser(oid, format ?? 'text') as unknown),
    },
  });
  const losses = new Set<() => void>();
  const notifyLost = () => losses.forEach((listener) => listener());
  const lost = (error: Error) => {
    logger.warn('Lost a connection to the database', { error });
    notifyLost();
  };
  pool.on('error', lost);
  pool.on('connect', (client) => {
    // The pool handles errors of idle connections only, and an unhandled error ends the process.
    client.on('error', lost);
  });
  // Queue statements here, because the pool would report a wait as a connection timeout.
  const statements = createSemaphore(maxStatements);
  const transactions = createSemaphore(maxTransactions);
  const queryOf = (client: PoolClient) => limitedQuery(client, names, statementMs, clock);
  const send: Query = (sql, parameters) => withClient(pool, (client) => queryOf(client)(sql, parameters));
  const query: Query = (sql, parameters) => statements.run(() => noticingLoss(send(sql, parameters)));

  async function noticingLoss<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!isOfStatement(error)) notifyLost();
      throw error;
    }
  }

  const listenings = new Set<Listening>();
  try {
    const database: Database = {
      durability: await readDurability(query),
      query,
      write: (sql, parameters) => transactions.run(() => noticingLoss(send(sql, parameters))),
      transaction: (run, { limitsLockWaits = false }: TransactionOptions = {}) =>
        transactions.run(() =>
          noticingLoss(inTransaction(pool, queryOf, run, limitsLockWaits ? lockMs : undefined)),
        ),
      lanes,
      lockMs,
      incarnation: () => readIncarnation(query),
      onLost(listener) {
        losses.add(listener);
        return () => void losses.delete(listener);
      },
      async listen(channel, on) {
        const createClient = () =>
          new Client({ ...connectionConfig(listenUrl), query_timeout: connectWithinMs });
        const listening = await startListening(createClient, channel, on, logger);
        listenings.add(listening);
        return {
          notify: listening.notify,
          close() {
            listenings.delete(listening);
            listening.close();
          },
        };
      },
      figures: () => ({
        connections: { used: pool.totalCount - pool.idleCount, idle: pool.idleCount },
        waiting: statements.waiting() + transactions.waiting(),
      }),
      close() {
        for (const listening of listenings) listening.close();
        return endPool(pool);
      },
    };
    return inSchema(database, await findSchema(query));
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

/** The relay reads by keys. A plan that was made while a table was empty would read all of it later. */
const planning = 'set enable_seqscan = off';
// The pool waits for what it returns, which its type leaves out.
const plan = ((client: ClientBase) => client.query(planning)) as (client: ClientBase) => void;

/**
 * A name for each text, by which PostgreSQL keeps its plan for the connection: planning took half of the time of a commit. The
 * texts are those in the code, so there are few.
 */
function createStatementNames(): (sql: string) => string {
  const names = new Map<string, string>();
  return (sql) => {
    const name = names.get(sql) ?? `maia_${names.size}`;
    names.set(sql, name);
    return name;
  };
}

function limitedQuery(
  client: PoolClient,
  nameOf: ((sql: string) => string) | undefined,
  statementMs: number,
  clock: Clock,
): Query {
  return async <Row>(sql: string, parameters: readonly unknown[] = []) => {
    let isCancelled = false;
    const stop = clock.after(statementMs, () => {
      isCancelled = true;
      cancelStatement(client);
    });
    try {
      const isNamed = nameOf !== undefined && parameters.length > 0;
      const { rows } = await client.query({
        ...{ text: sql, values: [...parameters] },
        ...(isNamed && { name: nameOf(sql) }),
      });
      // A cancelled COMMIT succeeds without waiting for the standby servers.
      if (isCancelled) throw new Error(`The statement took longer than ${statementMs} ms.`);
      return rows as readonly Row[];
    } finally {
      stop();
    }
  };
}

async function withClient<T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const result = await run(client);
    client.release();
    return result;
  } catch (error) {
    // Closing the connection rolls back, even if it no longer responds.
    client.release(true);
    throw error;
  }
}

function inTransaction<T>(
  pool: Pool,
  queryOf: (client: PoolClient) => Query,
  run: (query: Query) => Promise<T>,
  lockMs: number | undefined,
): Promise<T> {
  return withClient(pool, async (client) => {
    // In one round trip.
    const begun = client.query(beginning(lockMs));
    // Awaited below; until then, its rejection must not count as unhandled.
    begun.catch(() => {});
    const result = await run(queryOf(client));
    await begun;
    const { command } = await client.query('commit');
    // After a failed statement, PostgreSQL answers COMMIT with ROLLBACK instead of an error.
    if (command !== 'COMMIT') throw new Error(`The transaction ended with ${command}.`);
    return result;
  });
}

/** `set local`, because a pooler gives the connection to others after the transaction. */
function beginning(lockMs: number | undefined): string {
  return [
    // Each statement must see what others committed while it waited for their locks, whatever the default isolation level.
    'begin isolation level read committed',
    `set local idle_in_transaction_session_timeout = ${idleTransactionMs}`,
    ...(lockMs === undefined ? [] : [`set local lock_timeout = ${lockMs}`]),
  ].join('; ');
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
    `The relay's database at ${place} cannot be used: ${reasonOf(error)}. Check that PostgreSQL is running there and has this database (\`createdb\` makes one), and check the address, user and password.`,
    { cause: error },
  );
}

/** A host with several addresses fails with one error per address and no common message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
