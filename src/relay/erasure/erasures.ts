import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import type { ErasurePreview, SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database } from '../database/database.ts';
import type { Restrictions } from '../operator/restrictions.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import { signCertificate, type CertificateOptions } from './certificate.ts';
import { deleteErased } from './delete-rows.ts';
import type { ErasedIDs } from './erased-ids.ts';
import { patient } from '../database/guard/erasure-guard.ts';
import { ErasureRefusal } from './erasure-refusal.ts';
import {
  beginErasure,
  endErasure,
  readCertificate,
  readCertificates,
  readErasure,
  readUnfinished,
  settleErasure,
  type ErasureRow,
} from './erasure-rows.ts';
import { exportPersonal } from './export-personal.ts';
import { findPersonal, isStillOwn, type Person, type Personal } from './find-personal.ts';
import { measurePersonal } from './measure-personal.ts';

/**
 * Erases and exports what is a person's, in one namespace. One request is worked on at a time. A preview or an
 * export ends once its `signal` is aborted, and rejects with the reason.
 */
export interface Erasures {
  preview(person: Person, signal?: AbortSignal): Promise<ErasurePreview>;
  /**
   * Resolves with a certificate once the rows are gone: with the last one if there is nothing left to erase. Rejects with
   * `ErasureRefusal`, or because the storage failed; if it had begun, it is then ended later, or at the next start.
   */
  erase(person: Person): Promise<SignedErasureCertificate>;
  /** Yields lines of an export file, without what an operator has taken down; see `maia-relay import`. */
  exportLines(person: Person, signal?: AbortSignal): AsyncGenerator<string>;
  certificates(accountID: string): Promise<readonly SignedErasureCertificate[]>;
  /** Goes on with what was begun, by this relay or another one that may have ended. */
  resume(rows: readonly ErasureRow[]): void;
  /** Whether something is being erased or exported. */
  isBusy(): boolean;
  stop(): void;
}

export interface ErasuresOptions extends Omit<CertificateOptions, 'crypto'> {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly storage: Pick<SqlStorage, 'openReader' | 'onceWritten' | 'owners'>;
  readonly node: LocalNode;
  readonly erased: ErasedIDs;
  readonly restrictions: Pick<Restrictions, 'isTakenDown'>;
  /** The other relays of the storage must read what was erased. */
  changed(): void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Each may read all tables. */
const maxWaiting = 10;
/** Another relay may be working on it. */
const othersMs = 120_000;

export function createErasures(options: ErasuresOptions): Erasures {
  const { storage, node, erased, restrictions, changed, clock, logger, backupDays } = options;
  const database = patient(options.database, clock);
  const ending = new AbortController();
  /** Those that this relay ends. */
  const resumed = new Set<string>();
  /** The accounts. */
  const waiting = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  let isStarting = true;

  /** Lets others work. Rejects once it is aborted. */
  const pausing =
    (signal = ending.signal) =>
    () =>
      nextTurn(undefined, { signal });
  const pause = pausing();
  const isErased = (id: string) => erased.find(id) !== undefined;

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = last.then(run);
    last = result.catch(() => {});
    return result;
  }

  async function request<T>({ accountID }: Person, run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (accountID === options.agent?.accountID)
      throw new ErasureRefusal('forbidden', 'This is the account that the relay itself runs as.');
    // Before anything is read: anyone can make an account.
    if (!isErased(accountID) && !(await isStored([accountID])))
      throw new ErasureRefusal('not-found', 'This relay does not have the account.');
    if (waiting.has(accountID))
      throw new ErasureRefusal(
        'limit',
        'Another request of this account is not done yet. Try again in a minute.',
      );
    if (waiting.size >= maxWaiting)
      throw new ErasureRefusal('limit', 'Too many people export or erase at once. Try again in a minute.');
    waiting.add(accountID);
    try {
      const result = inTurn(() => {
        signal?.throwIfAborted();
        return run();
      });
      return await (signal ? orAborted(result, signal) : result);
    } finally {
      waiting.delete(accountID);
    }
  }

  async function checkOwners(): Promise<void> {
    if (await storage.owners.areKnown()) return;
    throw new ErasureRefusal(
      'limit',
      'The relay is still reading who owns what in its storage. Try again in a minute.',
    );
  }

  async function find(person: Person, signal?: AbortSignal): Promise<Personal> {
    await checkOwners();
    const isOver = signal && AbortSignal.any([ending.signal, signal]);
    return findPersonal(person, {
      ...{ query: database.query, node, reader: storage.openReader(), pause: pausing(isOver), isErased },
    });
  }

  /** What an erasure takes whole, apart from what is gone already. */
  function wholeOf({ coValues, keepsAccount }: Personal, { accountID }: Person): readonly string[] {
    const all = keepsAccount ? coValues : [...coValues, accountID];
    return all.filter((id) => erased.find(id) !== 'gone');
  }

  async function isStored(ids: readonly string[]): Promise<boolean> {
    return (
      (await database.query(`select from relay.covalues where id = any($1::text[]) limit 1`, [ids])).length >
      0
    );
  }

  async function erase(person: Person): Promise<SignedErasureCertificate> {
    const { accountID } = person;
    const askedAtMs = clock.nowMs();
    await checkOwners();
    const isOver = isErased(accountID) && !(await readUnfinished(database.query, accountID));
    if (isOver && !(await isStored(wholeOf(await find(person), person)))) {
      const certificate = (await readCertificates(database.query, accountID)).at(-1);
      if (certificate) return certificate;
    }
    // So that content which was accepted before is stored first.
    await new Promise<void>((resolve) => storage.onceWritten(undefined, resolve));
    const id = await beginErasure(database, {
      id: randomBytes(12).toString('base64url'),
      ...{ person, salt: erased.salt(), askedAtMs },
    });
    resumed.add(id);
    await publish();
    try {
      const certificate = await complete(id);
      if (certificate) return certificate;
    } catch (error) {
      work(() => complete(id));
      throw error;
    }
    throw new Error('The erasure is gone: the database went back to an earlier state.');
  }

  async function publish(): Promise<void> {
    changed();
    await erased.refresh();
  }

  /**
   * The account can write no more, but others can: they may come into a group of the person while it is read. Resolves with
   * whether what was found holds.
   */
  async function settle(row: ErasureRow): Promise<boolean> {
    const { accountID, keyring } = row;
    const person = { accountID, agentIDs: JSON.parse(keyring) as readonly string[] };
    const personal = await find(person);
    const holds = await settleErasure(database, row, personal, (query, groupID) =>
      isStillOwn(groupID, person, personal.groups, {
        ...{ query, node, reader: storage.openReader(undefined, query), pause, isErased },
      }),
    );
    if (holds) await publish();
    return holds;
  }

  /**
   * Idempotent, and several relays may do it at once. Resolves with undefined if the database went back to a state without this
   * erasure.
   */
  async function complete(id: string): Promise<SignedErasureCertificate | undefined> {
    for (;;) {
      const row = await readErasure(database.query, id);
      if (row?.state === 'finding') await settle(row);
      else if (row?.state === 'erasing') await end(row);
      else {
        resumed.delete(id);
        return readCertificate(database.query, id);
      }
    }
  }

  /** What it finds beside what was known is deleted in another pass. */
  async function end(row: ErasureRow): Promise<void> {
    if (await deleteErased({ database, erasure: row, pause })) return publish();
    const counted = await readErasure(database.query, row.id);
    if (!counted) return;
    const doneAtMs = clock.nowMs();
    const signed = await signCertificate(counted, doneAtMs, { ...options, crypto: node.crypto });
    await endErasure(database, { ...counted, hashes: row.hashes }, signed, doneAtMs);
  }

  function work(run: () => Promise<unknown>): void {
    void retry(() => inTurn(run), {
      clock,
      signal: ending.signal,
      failed: (error) => logger.warn('Could not go on with an erasure; retrying', { error }),
    });
  }

  return {
    preview(person, signal) {
      const count = async () => {
        const personal = await find(person, signal);
        const { headerBytes, ...sums } = await measurePersonal(
          database.query,
          wholeOf(personal, person),
          pause,
        );
        const { transactions, bytes } = await measurePersonal(
          database.query,
          personal.keepsAccount ? [...personal.headers, person.accountID] : personal.headers,
          pause,
        );
        return {
          coValues: sums.coValues,
          transactions: sums.transactions + transactions,
          bytes: sums.bytes + bytes + headerBytes,
          kept: personal.kept,
          backupDays: backupDays ?? null,
        };
      };
      return request(person, count, signal);
    },
    erase: (person) => request(person, () => erase(person)),
    async *exportLines(person, signal) {
      const { coValues, headers, groups } = await request(person, () => find(person, signal), signal);
      // Also groups that stay because others need them: their keys open what they own.
      const all = [...new Set([...coValues, ...headers, ...groups.keys(), person.accountID])];
      yield* exportPersonal(database.query, all.filter((id) => !restrictions.isTakenDown(id)).sort());
    },
    certificates: (accountID) => readCertificates(database.query, accountID),
    resume(rows) {
      for (const { id, askedAtMs } of rows) {
        const isOthers = clock.nowMs() - askedAtMs < othersMs && !isStarting;
        if (resumed.has(id) || isOthers) continue;
        resumed.add(id);
        work(() => complete(id));
      }
      isStarting = false;
    },
    isBusy: () => waiting.size + resumed.size > 0,
    stop: () => ending.abort(),
  };
}

/** The client has gone, so nothing waits for the result. */
function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    result.then(resolve, reject);
  });
}
