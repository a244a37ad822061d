import type { SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database, Query } from '../database/database.ts';
import { readTotals } from '../storage/read-owners.ts';
import type { Person, Personal } from './find-personal.ts';
import { hashOf } from './hash-of.ts';

/**
 * One erasure. `finding`: the account can write no more, and it is read what is the person's. `erasing`: rows may be
 * left. `sweeping`: there is a certificate, and a minute later, rows are deleted that another relay stored before it knew. `done`:
 * the row names the account no more.
 */
export interface ErasureRow {
  readonly id: string;
  readonly accountID: string;
  /** JSON of the agents of the person's keyring entries. */
  readonly keyring: string;
  readonly salt: string;
  /** How many CoValues it erases. */
  readonly hashes: number;
  readonly state: 'finding' | 'erasing' | 'sweeping' | 'done';
  readonly askedAtMs: number;
  /** 0 until then. */
  readonly doneAtMs: number;
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

/** A request that proves more entries begins anew. There is no other way. */
const nextState = { finding: 'erasing', erasing: 'sweeping', sweeping: 'done' } as const;

const hashesPerStatement = 5_000;

const columns = `id, account_id as "accountID", keyring, salt, hashes, state, asked_at_ms as "askedAtMs", done_at_ms as "doneAtMs",
  kept, covalues as "coValues", transactions, bytes`;

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
 * From its commit on, relays that read it take nothing more that the account writes. Resolves with the ID of the erasure: of an
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

/** Within a transaction. Resolves with false if another relay has gone on with it since the row was read. */
async function moveOn(query: Query, { id, state, doneAtMs }: ErasureRow): Promise<boolean> {
  if (state === 'done') return false;
  const rows = await query(
    `update relay.erasures set state = $2 where id = $1 and state = $3 and done_at_ms = $4 returning id`,
    [id, nextState[state], state, doneAtMs],
  );
  return rows.length > 0;
}

/**
 * From its commit on, relays that read it neither serve nor take what is the person's. Resolves with false if another person has
 * come into one of the groups meanwhile, or if another relay has gone on with it. `isStillOwn` judges a group that has more
 * transactions than when it was judged.
 */
export async function settleErasure(
  { transaction }: Pick<Database, 'transaction'>,
  row: ErasureRow,
  { coValues, headers, groups, kept, keepsAccount }: Personal,
  isStillOwn: (query: Query, groupID: string) => Promise<boolean>,
): Promise<boolean> {
  const { id, accountID, salt, state } = row;
  return transaction(async (query) => {
    const groupIDs = [...groups.keys()];
    // Locks like every writer, those of other relays included.
    await query(`select from relay.covalues where id = any($1::text[]) order by id for update`, [groupIDs]);
    const [now] = await query<Pick<ErasureRow, 'state'>>(
      `select state from relay.erasures where id = $1 for update`,
      [id],
    );
    if (now?.state !== state) return false;
    const totals = await readTotals(query, groupIDs);
    // Former members can write in a group at any time, so no time would come when nothing has changed.
    for (const [groupID, total] of groups)
      if ((totals.get(groupID) ?? 0) !== total && !(await isStillOwn(query, groupID))) return false;
    // Until all relays know, one of them may take what the account writes with others, who then need its header.
    const gone = state === 'sweeping' && !keepsAccount ? [...coValues, accountID] : coValues;
    await addHashes(query, id, [
      ...gone.map((one) => ({ hash: hashOf(salt, one), keepsHeader: false })),
      ...headers.map((one) => ({ hash: hashOf(salt, one), keepsHeader: true })),
    ]);
    if (state !== 'finding') return true;
    await query(`update relay.erasures set kept = $2 where id = $1`, [id, JSON.stringify(kept)]);
    return moveOn(query, row);
  });
}

/** Within a transaction. */
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
     where id = $1 and state = 'erasing'`,
    [erasure, coValues, transactions, bytes],
  );
}

/** Two relays may end the same erasure: the certificate that is stored first counts. */
export async function storeCertificate(
  { transaction }: Pick<Database, 'transaction'>,
  row: ErasureRow,
  signed: SignedErasureCertificate,
  doneAtMs: number,
): Promise<void> {
  const { id, accountID } = row;
  await transaction(async (query) => {
    if (!(await moveOn(query, row))) return;
    await query(`update relay.erasures set done_at_ms = $2 where id = $1`, [id, doneAtMs]);
    await query(
      `insert into relay.certificates (erasure, account_id, done_at_ms, signed) values ($1, $2, $3, $4)
       on conflict do nothing`,
      [id, accountID, doneAtMs, JSON.stringify(signed)],
    );
  });
}

export async function endErasure(
  { transaction }: Pick<Database, 'transaction'>,
  row: ErasureRow,
): Promise<void> {
  await transaction(async (query) => {
    if (!(await moveOn(query, row))) return;
    await query(`update relay.erasures set account_id = '', keyring = '[]', kept = '[]' where id = $1`, [
      row.id,
    ]);
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
