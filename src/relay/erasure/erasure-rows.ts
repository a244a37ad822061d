import type { SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database, Query } from '../database/database.ts';
import { deleteUsage, keyOf } from '../quota/usage-rows.ts';
import { readTotals } from '../storage/read-owners.ts';
import type { Person, Personal } from './find-personal.ts';
import { awaitInserts } from '../database/guard/erasure-guard.ts';
import { hashOf } from './hash-of.ts';

/**
 * One erasure. `finding`: the account can write no more, and it is read what is the person's. `erasing`: that can be written no
 * more, and rows may be left. `done`: there is a certificate, and the row names the account no more.
 */
export interface ErasureRow {
  readonly id: string;
  readonly accountID: string;
  /** JSON of the agents of the person's keyring entries. */
  readonly keyring: string;
  readonly salt: string;
  /** How many CoValues it erases. */
  readonly hashes: number;
  readonly state: 'finding' | 'erasing' | 'done';
  readonly askedAtMs: number;
  /** JSON of `KeptCoValue`s. */
  readonly kept: string;
  readonly coValues: number;
  readonly transactions: number;
  readonly bytes: number;
}

export interface ErasedHash {
  readonly hash: string;
  readonly keepsHeader: boolean;
}

const hashesPerStatement = 5_000;

const columns = `id, account_id as "accountID", keyring, salt, hashes, state, asked_at_ms as "askedAtMs", kept,
  covalues as "coValues", transactions, bytes`;

export function readErasures(query: Query): Promise<readonly ErasureRow[]> {
  return query<ErasureRow>(`select ${columns} from relay.erasures order by asked_at_ms, id`);
}

export async function readErasure(query: Query, id: string): Promise<ErasureRow | undefined> {
  const [row] = await query<ErasureRow>(`select ${columns} from relay.erasures where id = $1`, [id]);
  return row;
}

/** Also for a schema without tables yet. */
export async function hasUnfinishedErasures(query: Query): Promise<boolean> {
  const [table] = await query<{ exists: boolean }>(
    `select to_regclass('relay.erasures') is not null as "exists"`,
  );
  if (!table?.exists) return false;
  return (await query(`select from relay.erasures where state <> 'done' limit 1`)).length > 0;
}

export async function readUnfinished(query: Query, accountID: string): Promise<ErasureRow | undefined> {
  const [row] = await query<ErasureRow>(
    `select ${columns} from relay.erasures where account_id = $1 and state <> 'done' limit 1`,
    [accountID],
  );
  return row;
}

export function readErasedHashes(query: Query, erasure: string): Promise<readonly ErasedHash[]> {
  return query<ErasedHash>(
    `select hash, keeps_header as "keepsHeader" from relay.erased where erasure = $1`,
    [erasure],
  );
}

export interface NewErasure extends Pick<ErasureRow, 'id' | 'salt' | 'askedAtMs'> {
  readonly person: Person;
}

/**
 * From its commit on, the account can begin no session, and have no new CoValue. Resolves with the ID of the erasure: of an
 * earlier one of the account that has not ended, if there is one.
 */
export async function beginErasure(
  { transaction }: Pick<Database, 'transaction'>,
  { id, person, salt, askedAtMs }: NewErasure,
): Promise<string> {
  const { accountID, agentIDs } = person;
  return transaction(async (query) => {
    await query(`select from relay.covalues where id = $1 for update`, [accountID]);
    const begun = await readUnfinished(query, accountID);
    if (begun) {
      const known = new Set(JSON.parse(begun.keyring) as readonly string[]);
      if (agentIDs.every((agentID) => known.has(agentID))) return begun.id;
      await query(`update relay.erasures set keyring = $2, state = 'finding' where id = $1`, [
        begun.id,
        JSON.stringify([...new Set([...known, ...agentIDs])]),
      ]);
      return begun.id;
    }
    await query(
      `insert into relay.erasures
         (id, account_id, keyring, salt, hashes, state, asked_at_ms, done_at_ms, kept, covalues, transactions, bytes)
       values ($1, $2, $3, $4, 0, 'finding', $5, 0, '[]', 0, 0, 0)`,
      [id, accountID, JSON.stringify(agentIDs), salt, askedAtMs],
    );
    await addHashes(query, id, [{ hash: hashOf(salt, accountID), keepsHeader: true }]);
    return id;
  });
}

/**
 * From its commit on, no relay can store what is the person's, and those that read it do not serve it. Resolves with false if
 * another person has come into one of the groups meanwhile, or if another relay has gone on with it. `isStillOwn` judges a group
 * that has more transactions than when it was judged.
 */
export async function settleErasure(
  { transaction }: Pick<Database, 'transaction'>,
  row: ErasureRow,
  { coValues, headers, groups, kept, keepsAccount }: Personal,
  isStillOwn: (query: Query, groupID: string) => Promise<boolean>,
): Promise<boolean> {
  const { id, accountID, salt } = row;
  return transaction(async (query) => {
    const groupIDs = [...groups.keys()];
    // Locks like every writer, those of other relays included.
    await query(`select from relay.covalues where id = any($1::text[]) order by id for update`, [groupIDs]);
    const [now] = await query<Pick<ErasureRow, 'state' | 'keyring'>>(
      `select state, keyring from relay.erasures where id = $1 for update`,
      [id],
    );
    if (now?.state !== 'finding' || now.keyring !== row.keyring) return false;
    const totals = await readTotals(query, groupIDs);
    // Former members can write in a group at any time, so no time would come when nothing has changed.
    for (const [groupID, total] of groups)
      if ((totals.get(groupID) ?? 0) !== total && !(await isStillOwn(query, groupID))) return false;
    await query(`update relay.erasures set state = 'erasing', kept = $2 where id = $1`, [
      id,
      JSON.stringify(kept),
    ]);
    const gone = keepsAccount ? coValues : [...coValues, accountID];
    await addHashes(query, id, [
      ...gone.map((one) => ({ hash: hashOf(salt, one), keepsHeader: false })),
      ...headers.map((one) => ({ hash: hashOf(salt, one), keepsHeader: true })),
    ]);
    return true;
  });
}

/** The last step of a transaction. */
export async function addHashes(query: Query, erasure: string, hashes: readonly ErasedHash[]): Promise<void> {
  for (let from = 0; from < hashes.length; from += hashesPerStatement) {
    const some = hashes.slice(from, from + hashesPerStatement);
    await query(
      `insert into relay.erased (erasure, hash, keeps_header)
       select $1, * from unnest($2::text[], $3::boolean[])
       on conflict (erasure, hash) do update set keeps_header = excluded.keeps_header`,
      [erasure, some.map(({ hash }) => hash), some.map(({ keepsHeader }) => keepsHeader)],
    );
  }
  await query(
    `update relay.erasures set hashes = (select count(*) from relay.erased where erasure = $1) where id = $1`,
    [erasure],
  );
  await awaitInserts(query);
}

/** Within the transaction that deletes. */
export async function countDeleted(
  query: Query,
  erasure: string,
  { coValues, transactions, bytes }: Pick<ErasureRow, 'coValues' | 'transactions' | 'bytes'>,
): Promise<void> {
  await query(
    `update relay.erasures
     set covalues = covalues + $2, transactions = transactions + $3, bytes = bytes + $4
     where id = $1 and state <> 'done'`,
    [erasure, coValues, transactions, bytes],
  );
}

/**
 * Stores the certificate, unless another relay has stored one, or there is more to delete or to count than in this row. What the
 * account has used of a quota goes with it.
 */
export async function endErasure(
  { transaction }: Pick<Database, 'transaction'>,
  { id, accountID, hashes, coValues, transactions, bytes }: ErasureRow,
  signed: SignedErasureCertificate,
  doneAtMs: number,
): Promise<void> {
  await transaction(async (query) => {
    const ended = await query(
      `update relay.erasures set state = 'done', done_at_ms = $2, account_id = '', keyring = '[]', kept = '[]'
       where id = $1 and state = 'erasing' and hashes = $3 and covalues = $4 and transactions = $5 and bytes = $6
       returning id`,
      [id, doneAtMs, hashes, coValues, transactions, bytes],
    );
    if (ended.length === 0) return;
    await deleteUsage(query, keyOf(accountID));
    await query(
      `insert into relay.certificates (erasure, account_id, done_at_ms, signed) values ($1, $2, $3, $4)`,
      [id, accountID, doneAtMs, JSON.stringify(signed)],
    );
  });
}

export async function readCertificate(
  query: Query,
  erasure: string,
): Promise<SignedErasureCertificate | undefined> {
  const [row] = await query<{ signed: string }>(`select signed from relay.certificates where erasure = $1`, [
    erasure,
  ]);
  return row && (JSON.parse(row.signed) as SignedErasureCertificate);
}

/** Oldest first. */
export async function readCertificates(
  query: Query,
  accountID: string,
): Promise<readonly SignedErasureCertificate[]> {
  const rows = await query<{ signed: string }>(
    `select signed from relay.certificates where account_id = $1 order by done_at_ms, erasure`,
    [accountID],
  );
  return rows.map(({ signed }) => JSON.parse(signed) as SignedErasureCertificate);
}
