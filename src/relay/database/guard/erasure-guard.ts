import type { Clock } from '../../../base/clock.ts';
import { ownerOf, type CoValueHeader } from '../../../engine/content.ts';
import type { Database, Query, TransactionOptions } from '../database.ts';
import { isConflict, isLockTimeout, sqlStateOf } from '../postgres-facts.ts';

/**
 * No row of what was erased is inserted again, whatever a relay missed: triggers refuse it. Who inserts holds a shared lock from
 * its look until its commit, and who adds to what is erased waits for these locks.
 */

const erasedState = 'ME001';
/** An arbitrary constant, and the table: namespaces have other ones. */
const lock = `711202604, 'relay.erased'::regclass::oid::int4`;
/** Less than commits wait for a lock, so that they do not fail while a relay is suspended within one. */
const lockMs = 400;
const suspendedMs = 2_000;

const firstRetryMs = 250;
const maxRetryMs = 4_000;
/** PostgreSQL ends a transaction that does nothing for a minute. */
const maxAttempts = 30;

/** The names in the added rows. A header is not parsed, because PostgreSQL cannot parse all JSON. */
const namesIn = {
  covalues: `select unnest(array[id, owner]) from added
    union all select (regexp_matches(header, '"initialAdmin":"([^"]+)"', 'g'))[1] from added`,
  sessions: `select covalue_id from added
    union all select split_part(session_id, '_session_', 1) from added where starts_with(session_id, 'co_')`,
};

const unless = (isThere: string, statement: string) =>
  `do $do$ begin if not (${isThere}) then ${statement}; end if; end $do$`;
const hasRelation = (name: string) => `to_regclass('relay.${name}') is not null`;
const hasFunction = (signature: string) => `to_regprocedure('relay.${signature}') is not null`;
const hasTrigger = (table: string) =>
  `exists (select from pg_trigger where tgrelid = 'relay.${table}'::regclass and tgname = 'refuse_erased')`;

/**
 * For tables that are there. What is there already is left alone: creating it again waits for what others write, and needs the owner of
 * the table, also if nothing changes.
 */
export const createGuard: readonly string[] = [
  unless(hasRelation('erased_hash'), `create index erased_hash on relay.erased (hash)`),
  unless(hasRelation('erasures_salt'), `create index erasures_salt on relay.erasures (salt)`),
  // Compares by `hashOf`, with each salt that there is. Each hash is looked up alone, and without `exists`: otherwise, as long as there
  // are no statistics, PostgreSQL reads the whole table.
  unless(
    hasFunction('has_erased(text[])'),
    `create function relay.has_erased(names text[]) returns boolean language plpgsql stable as $$
    declare
      wanted text;
    begin
      for wanted in
        with recursive salts (salt) as (
          select min(salt) from relay.erasures
          union all
          select (select min(later.salt) from relay.erasures as later where later.salt > salts.salt)
          from salts where salts.salt is not null
        )
        select distinct
          left(translate(encode(sha256(convert_to(salts.salt || ' ' || name, 'UTF8')), 'base64'), '+/', '-_'), 22)
        from salts cross join unnest(names) as name
      loop
        perform from relay.erased where hash = wanted;
        if found then return true; end if;
      end loop;
      return false;
    end $$`,
  ),
  ...(['covalues', 'sessions'] as const).flatMap((table) => [
    // Each statement sees what was committed before it.
    unless(
      hasFunction(`refuse_erased_${table}()`),
      `create function relay.refuse_erased_${table}() returns trigger language plpgsql as $$
      begin
        if not exists (select from added) then return null; end if;
        perform pg_advisory_xact_lock_shared(${lock});
        if not exists (select from relay.erasures) then return null; end if;
        if relay.has_erased(array(${namesIn[table]})) then
          raise exception using errcode = '${erasedState}', message = 'Some of these rows were erased.';
        end if;
        return null;
      end $$`,
    ),
    unless(
      hasTrigger(table),
      `create trigger refuse_erased after insert on relay.${table} referencing new table as added
        for each statement execute function relay.refuse_erased_${table}()`,
    ),
  ]),
];

/** Whether nothing was written because something of it was erased. */
export function isOfErased(error: unknown): boolean {
  return sqlStateOf(error) === erasedState;
}

/** Whom a new CoValue names, as the trigger reads it. */
export function namedInHeader(id: string, header: CoValueHeader): readonly string[] {
  const admins = JSON.stringify(header).matchAll(/"initialAdmin":"([^"]+)"/g);
  return [id, ownerOf(id, header), ...[...admins].map(([, admin = '']) => admin)];
}

/**
 * For the end of a transaction that has added to what is erased: from its commit on, nothing of that is committed, and what was
 * committed before can be read. Rejects with a lock timeout if another transaction takes long.
 */
export async function awaitInserts(query: Query): Promise<void> {
  await query(`set local lock_timeout = ${lockMs}`);
  // Nothing but the commit follows. A relay that is suspended before it must not hold up the others for as long as usual.
  await query(`set local idle_in_transaction_session_timeout = ${suspendedMs}`);
  await query(`select pg_advisory_xact_lock(${lock})`);
}

/** The same database, whose transactions begin anew if another one was in the way. */
export function patient<Some extends Pick<Database, 'transaction'>>(
  database: Some,
  clock: Pick<Clock, 'after'>,
): Some {
  return {
    ...database,
    async transaction<T>(run: (query: Query) => Promise<T>, options?: TransactionOptions) {
      let retryMs = firstRetryMs;
      for (let attempts = 1; ; attempts++) {
        try {
          return await database.transaction(run, options);
        } catch (error) {
          if (attempts === maxAttempts || !(isConflict(error) || isLockTimeout(error))) throw error;
        }
        await new Promise<void>((resolve) => clock.after(retryMs, resolve));
        retryMs = Math.min(2 * retryMs, maxRetryMs);
      }
    },
  };
}
