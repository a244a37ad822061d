import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import type { Database } from '../database/database.ts';
import { deleteOwnQuota, readOwnQuotas, storeOwnQuota, type OwnQuota } from './quota-rows.ts';
import type { Quota } from './quota.ts';

/** The quotas of all namespaces, in memory, because all content is checked against them. */
export interface Quotas {
  /** Reads them for the first time, once the tables are there. Rejects if the database cannot be read. */
  load(): Promise<void>;
  /** `app`: empty for the default namespace. Undefined if nothing is limited. */
  of(app: string, key: string): Quota | undefined;
  /** Of those for whom an operator has set nothing else. */
  readonly usual: Quota | undefined;
  /** By principal. */
  ownOf(app: string): ReadonlyMap<string, Quota>;
  /** Resolves once it is in force here, with false if there are too many. Rejects if the database does not take it. */
  set(own: OwnQuota): Promise<boolean>;
  /** Resolves once the usual quota is in force here again, with false if it was before. */
  remove(own: Pick<OwnQuota, 'app' | 'principal'>): Promise<boolean>;
  /** Another relay may have changed them: reads them again, until that succeeds. */
  refresh(): Promise<void>;
  stop(): void;
}

export interface QuotasOptions {
  readonly database: Pick<Database, 'query' | 'write'>;
  readonly usual: Quota | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly on: {
    /** Others than before may be in force here. */
    applied(): void;
    /** This relay stored or deleted one: the others should refresh. */
    changed(): void;
  };
}

const none: ReadonlyMap<string, Quota> = new Map();

export function createQuotas({ database, usual, clock, logger, on }: QuotasOptions): Quotas {
  const ending = new AbortController();
  let byApp: ReadonlyMap<string, ReadonlyMap<string, Quota>> = new Map();
  let seen = '[]';
  let reading: Promise<void> | undefined;
  let nextReading: Promise<void> | undefined;

  function apply(all: readonly OwnQuota[]): void {
    const next = new Map<string, Map<string, Quota>>();
    for (const { app, principal, quota } of all) {
      const own = next.get(app) ?? new Map<string, Quota>();
      next.set(app, own.set(principal, quota));
    }
    byApp = next;
    const text = JSON.stringify(all);
    if (text === seen) return;
    seen = text;
    on.applied();
  }

  async function read(): Promise<void> {
    const all = await retry(() => readOwnQuotas(database.query), {
      clock,
      signal: ending.signal,
      failed: (error) =>
        logger.warn('Could not read the quotas that the operator has set; retrying', { error }),
    });
    reading = undefined;
    if (all && !ending.signal.aborted) apply(all);
  }

  /** A reading that has begun may miss what was stored since. */
  function refresh(): Promise<void> {
    if (!reading) return (reading = read());
    return (nextReading ??= reading.then(() => {
      nextReading = undefined;
      return refresh();
    }));
  }

  async function afterChange(isChanged: boolean): Promise<boolean> {
    if (!isChanged) return false;
    on.changed();
    await refresh();
    return true;
  }

  const ownOf = (app: string) => byApp.get(app) ?? none;

  return {
    async load() {
      apply(await readOwnQuotas(database.query));
    },
    of: (app, key) => ownOf(app).get(key) ?? usual,
    usual,
    ownOf,
    set: async (own) => afterChange(await storeOwnQuota(database, own)),
    remove: async (own) => afterChange(await deleteOwnQuota(database, own)),
    refresh,
    stop: () => ending.abort(),
  };
}
