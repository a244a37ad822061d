import { hostname } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { pause } from '../../base/retry.ts';
import { kernelVersion } from '../../base/version.ts';
import type { Database } from '../database/database.ts';
import { randomName } from '../database/random-name.ts';
import { lockForMigration } from '../database/schema.ts';

/** The relays of a storage, as each of them reports itself to the database. */
export interface RelayList {
  /** Those of the last day, by their start. Reports this one first. Rejects if the database fails. */
  read(): Promise<readonly ListedRelay[]>;
  /** Removes this relay from the list, unless the database takes too long. Never rejects. */
  leave(): Promise<void>;
}

export interface ListedRelay {
  /** Another one at each start. */
  readonly id: string;
  /** The name of its machine or container. */
  readonly host: string;
  readonly version: string;
  /** Its addresses as clients dial them, if its settings name them. */
  readonly urls: readonly string[];
  readonly clients: number;
  /** Both by the clock of the database, in ms since the Unix epoch. */
  readonly startedAtMs: number;
  readonly seenAtMs: number;
  /** Whether it has reported itself lately. */
  readonly isAlive: boolean;
}

export interface RelayListOptions {
  readonly database: Pick<Database, 'query' | 'write' | 'transaction' | 'listen'>;
  readonly urls: readonly string[];
  clients(): number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const reportMs = 30_000;
/** Two reports may fail, or come late. */
const aliveSeconds = 80;
const leaveMs = 1_000;

/** Not part of a version of the schema, because relays of earlier versions do without it. */
const createTable = `create table if not exists relay.relays (
  id text collate "C" primary key,
  host text not null,
  version text not null,
  urls text[] not null,
  clients int4 not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
)`;

/**
 * Reports this relay now and every 30 s, in a database that others can use. Otherwise it is alone, and writes nothing. Never rejects:
 * a relay serves clients without it, too.
 */
export async function createRelayList(options: RelayListOptions): Promise<RelayList> {
  const { database, urls, clients, clock, logger } = options;
  const self = { id: randomName(), host: hostname(), version: kernelVersion, urls };
  const startedAtMs = clock.nowMs();
  const ending = new AbortController();
  let isPrepared = false;

  async function report(): Promise<void> {
    if (!isPrepared)
      await database.transaction(async (query) => {
        await lockForMigration(query);
        await query(createTable);
      });
    isPrepared = true;
    await database.write(
      `with ended as (delete from relay.relays where seen_at < now() - interval '1 day' and id <> $1)
       insert into relay.relays (id, host, version, urls, clients) values ($1, $2, $3, $4::text[], $5)
       on conflict (id) do update set clients = excluded.clients, seen_at = now()`,
      [self.id, self.host, self.version, self.urls, clients()],
    );
  }

  async function tryToReport(): Promise<void> {
    if (ending.signal.aborted) return;
    await report().catch((error: unknown) =>
      logger.debug('Could not report this relay to the others; trying again later', { error }),
    );
  }

  async function goOnReporting(): Promise<void> {
    while (!ending.signal.aborted) {
      await pause(reportMs, clock, ending.signal);
      await tryToReport();
    }
  }

  if (!database.listen)
    return {
      read() {
        const seenAtMs = clock.nowMs();
        return Promise.resolve([{ ...self, clients: clients(), startedAtMs, seenAtMs, isAlive: true }]);
      },
      leave: () => Promise.resolve(),
    };

  await tryToReport();
  const reporting = goOnReporting();
  return {
    async read() {
      if (!ending.signal.aborted) await report();
      return database.query<ListedRelay>(
        `select id, host, version, urls, clients, extract(epoch from started_at)::float8 * 1000 as "startedAtMs",
           extract(epoch from seen_at)::float8 * 1000 as "seenAtMs",
           seen_at > now() - interval '${aliveSeconds} seconds' as "isAlive"
         from relay.relays order by started_at, id`,
      );
    },
    async leave() {
      ending.abort();
      const removed = reporting
        .then(() => database.write(`delete from relay.relays where id = $1`, [self.id]))
        .catch((error: unknown) => logger.debug('Could not remove this relay from the list', { error }));
      await Promise.race([removed, new Promise<void>((resolve) => clock.after(leaveMs, resolve))]);
    },
  };
}
