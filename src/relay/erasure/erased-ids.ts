import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import type { Query } from '../database/database.ts';
import { readErasedHashes, readErasures, type ErasureRow } from './erasure-rows.ts';
import { hashOf } from './hash-of.ts';

/**
 * Which CoValues were erased from a namespace, in memory, because every message is checked against them. They are known by a
 * salted hash alone, so that neither the tables nor the memory name what is gone. None before `load`.
 */
export interface ErasedIDs {
  /** Reads them for the first time. Rejects if the database cannot be read. */
  load(): Promise<void>;
  /** `header`: an account of which nothing but its header is kept, because others need it to check what they share. */
  find(id: string): 'gone' | 'header' | undefined;
  /** Another relay may have erased something: reads what is new, until that succeeds. */
  refresh(): Promise<void>;
  /** For the next erasure: the salt of the earlier ones, so that a check costs one hash. */
  salt(): string;
  stop(): void;
}

export interface ErasedIDsOptions {
  readonly query: Query;
  readonly clock: Clock;
  readonly logger: Logger;
  /** There are more than before, or less is kept of some. They are in force once this resolves. */
  grown(isNew: (id: string) => boolean): Promise<void>;
  /** Erasures that have not ended yet, as of each reading. */
  unfinished(rows: readonly ErasureRow[]): void;
}

export function createErasedIDs(options: ErasedIDsOptions): ErasedIDs {
  const { query, clock, logger, grown, unfinished } = options;
  const ending = new AbortController();
  /** By salt: an import can bring another one. */
  const known = new Map<string, Map<string, boolean>>();
  /** As last read of each erasure. In another state, it may have more hashes, or keep less of some. */
  const versions = new Map<string, string>();
  const versionOf = ({ hashes, state }: ErasureRow) => `${hashes} ${state}`;
  /** By salt: what has yet to be reported. */
  const fresh = new Map<string, Set<string>>();
  let reading: Promise<void> | undefined;
  let nextReading: Promise<void> | undefined;

  async function readNew(): Promise<void> {
    const rows = await readErasures(query);
    const news = rows.filter((row) => versions.get(row.id) !== versionOf(row));
    for (const row of news) {
      const { id, salt } = row;
      const hashes = known.get(salt) ?? new Map<string, boolean>();
      known.set(salt, hashes);
      const added = fresh.get(salt) ?? new Set<string>();
      for (const { hash, keepsHeader } of await readErasedHashes(query, id)) {
        // An ID that is gone stays so.
        if (hashes.get(hash) === keepsHeader || hashes.get(hash) === false) continue;
        hashes.set(hash, keepsHeader);
        fresh.set(salt, added.add(hash));
      }
      versions.set(id, versionOf(row));
    }
    if (fresh.size > 0) await grown((id) => [...fresh].some(([salt, added]) => added.has(hashOf(salt, id))));
    fresh.clear();
    unfinished(rows.filter(({ state }) => state !== 'done'));
  }

  async function read(): Promise<void> {
    await retry(readNew, {
      clock,
      signal: ending.signal,
      failed: (error) => logger.warn('Could not read which CoValues were erased; retrying', { error }),
    });
    reading = undefined;
  }

  /** A reading that has begun may miss what was stored since. */
  function refresh(): Promise<void> {
    if (!reading) return (reading = read());
    return (nextReading ??= reading.then(() => {
      nextReading = undefined;
      return refresh();
    }));
  }

  return {
    load: readNew,
    find(id) {
      let found: 'header' | undefined;
      for (const [salt, hashes] of known) {
        const keepsHeader = hashes.get(hashOf(salt, id));
        if (keepsHeader === false) return 'gone';
        if (keepsHeader) found = 'header';
      }
      return found;
    },
    refresh,
    salt: () => known.keys().next().value ?? randomBytes(16).toString('base64url'),
    stop: () => ending.abort(),
  };
}
