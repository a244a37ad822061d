import type { Database, Query } from '../database/database.ts';
import { quotaOf, type Quota } from './quota.ts';

/** What an operator has set for one principal in place of the relay's own quota. */
export interface OwnQuota {
  /** Empty for the default namespace. */
  readonly app: string;
  /** See `keyOf`. */
  readonly principal: string;
  readonly quota: Quota;
}

const notLimited = -1;

/** They stay in the memory of each relay. */
export const maxOwnQuotas = 10_000;

export async function readOwnQuotas(query: Query): Promise<readonly OwnQuota[]> {
  const rows = await query<{
    readonly app: string;
    readonly principal: string;
    readonly bytes: number;
    readonly coValues: number;
  }>(`select app, principal, bytes, covalues as "coValues" from relay.quotas order by app, principal`);
  return rows.map(({ app, principal, bytes, coValues }) => ({
    app,
    principal,
    quota: quotaOf(limitOf(bytes), limitOf(coValues)),
  }));
}

/** Replaces an earlier one. Resolves with false if there are `maxOwnQuotas` already. */
export async function storeOwnQuota(
  { write }: Pick<Database, 'write'>,
  { app, principal, quota }: OwnQuota,
): Promise<boolean> {
  const stored = await write(
    `insert into relay.quotas (app, principal, bytes, covalues)
     select $1::text, $2::text, $3::float8, $4::float8
     where (select count(*) from relay.quotas where (app, principal) <> ($1::text, $2::text)) < ${maxOwnQuotas}
     on conflict (app, principal) do update set bytes = excluded.bytes, covalues = excluded.covalues
     returning 1`,
    [app, principal, quota.bytes ?? notLimited, quota.coValues ?? notLimited],
  );
  return stored.length > 0;
}

/** Resolves with false if there is none. */
export async function deleteOwnQuota(
  { write }: Pick<Database, 'write'>,
  { app, principal }: Pick<OwnQuota, 'app' | 'principal'>,
): Promise<boolean> {
  const deleted = await write(
    `delete from relay.quotas where app = $1::text and principal = $2::text returning 1`,
    [app, principal],
  );
  return deleted.length > 0;
}

function limitOf(stored: number): number | undefined {
  return stored === notLimited ? undefined : stored;
}
