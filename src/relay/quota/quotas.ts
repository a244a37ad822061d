import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import { followRows, type FollowedRows } from '../operator/followed-rows.ts';
import { deleteOwnQuota, readOwnQuotas, storeOwnQuota, type OwnQuota } from './quota-rows.ts';
import type { Quota } from './quota.ts';

/** The quotas of all namespaces, in memory, because all content is checked against them. */
export interface Quotas extends Pick<FollowedRows, 'load' | 'refresh' | 'stop'> {
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
  let byApp: ReadonlyMap<string, ReadonlyMap<string, Quota>> = new Map();
  let seen = '[]';

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

  const rows = followRows({
    read: () => readOwnQuotas(database.query),
    apply,
    changed: on.changed,
    name: 'the quotas that the operator has set',
    ...{ clock, logger },
  });
  const ownOf = (app: string) => byApp.get(app) ?? none;

  return {
    load: rows.load,
    refresh: rows.refresh,
    stop: rows.stop,
    of: (app, key) => ownOf(app).get(key) ?? usual,
    usual,
    ownOf,
    set: async (own) => rows.afterChange(await storeOwnQuota(database, own)),
    remove: async (own) => rows.afterChange(await deleteOwnQuota(database, own)),
  };
}
