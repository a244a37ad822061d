import type { Clock } from '../../../base/clock.ts';
import { isEqual } from '../../../base/equal.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Database } from '../database.ts';
import { sqlStateOf } from '../postgres-facts.ts';
import { prepareStateDirectory, readStateFile, writeStateFile, type RememberedState } from './state-file.ts';
import {
  addMark,
  hasMark,
  hasMarks,
  keptMarks,
  prepareMarks,
  readMarks,
  type MarksRead,
  type StorageMark,
} from './storage-marks.ts';
import type { StorageIdentity } from '../schema.ts';
import type { StorageTrack } from '../storage-track.ts';

/** Marks the storage, and remembers the latest mark outside of it, so that a relay that starts on a restored storage notices. */
export interface StorageMemory {
  /** This relay or another one has committed. */
  noteCommit(): void;
  /**
   * Reads the latest mark, and earlier ones by their numbers. Resolves with undefined while the storage is not the one that this
   * relay knows, and if it lacks a mark that this relay has seen.
   */
  readMarks(numbers: readonly number[]): Promise<MarkedState | undefined>;
  /** Remembers what was committed since the last mark. Never rejects. */
  close(): Promise<void>;
}

export interface MarkedState {
  readonly identity: StorageIdentity;
  readonly latest: StorageMark;
  readonly earlier: readonly StorageMark[];
}

export interface StorageMemoryOptions {
  readonly database: Database;
  readonly track: Pick<StorageTrack, 'identity' | 'isCurrent' | 'renewals' | 'renew'>;
  /** Gives the storage a new epoch while the relay serves clients. */
  renewEpoch(): Promise<unknown>;
  /** Outside the storage, or it would be restored together with it. Undefined: a restore is not noticed at the next start. */
  readonly stateDirectory: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const undefinedTable = '42P01';
const markIntervalMs = 10_000;

/**
 * Marks the storage. Renews the epoch if the storage went back since it was last remembered, or is new to the state directory and
 * may be a copy that is served beside the original. Without a state directory, nothing is noticed.
 */
export async function rememberStorage(options: StorageMemoryOptions): Promise<StorageMemory> {
  const { database, track, stateDirectory, clock, logger } = options;
  let last: (RememberedState & { readonly id: string }) | undefined;
  let isMarked = true;
  let isFailing = false;
  let marking: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let isClosed = false;
  /** The latest mark that this relay has read, of that identity. */
  let seen: { readonly identity: StorageIdentity; readonly mark: StorageMark } | undefined;

  async function wentBack({ renewals, mark }: RememberedState): Promise<boolean> {
    // Another relay has noticed it, or somebody renewed the epoch by hand. PGlite has one relay, and a copy of it that is made anew
    // in the same place may come from a storage whose epoch was renewed more often.
    if (database.incarnation && track.renewals > renewals) return false;
    return track.renewals < renewals || !(await hasMark(database.query, mark));
  }

  async function readKnown(): Promise<RememberedState | undefined> {
    if (stateDirectory === undefined) return undefined;
    try {
      return await readStateFile(stateDirectory, track.identity.id);
    } catch (error) {
      warnOfDirectory(error);
      return undefined;
    }
  }

  /**
   * Whether the storage has been served, and nothing shows that it was served here. PostgreSQL's facts are part of the epoch, and a
   * copy lacks them, so relays that join others there keep it.
   */
  async function mayBeCopy(): Promise<boolean> {
    if (stateDirectory === undefined || isFailing || database.incarnation) return false;
    if (!(await hasMarks(database.query))) return false;
    try {
      // If nothing can be remembered, each start would renew the epoch.
      await prepareStateDirectory(stateDirectory);
      return true;
    } catch (error) {
      warnOfDirectory(error);
      return false;
    }
  }

  async function mark(): Promise<void> {
    isMarked = true;
    try {
      if (last?.id === track.identity.id && (await wentBack(last))) {
        // If the storage lacks more than this, the relay finds that elsewhere. Until then, remember what the storage lost.
        if (isClosed || !(await track.isCurrent())) throw new Error('The storage went back.');
        await options.renewEpoch();
      }
      last = { id: track.identity.id, renewals: track.renewals, mark: await addMark(database) };
      see(last.mark, track.identity);
    } catch (error) {
      isMarked = false;
      if (sqlStateOf(error) === undefinedTable) await prepareMarks(database).catch(() => {});
      warn('Could not remember the state of the storage, so its restore might not be noticed', { error });
      return;
    }
    if (stateDirectory === undefined) return;
    try {
      await writeStateFile(stateDirectory, last.id, { renewals: last.renewals, mark: last.mark });
      isFailing = false;
    } catch (error) {
      isMarked = false;
      warnOfDirectory(error);
    }
  }

  function warnOfDirectory(error: unknown): void {
    warn(
      'The state directory cannot be read or written, so this relay will not notice a restored storage until its user may do both there, or STATE_DIR names another directory',
      { directory: stateDirectory, reason: error instanceof Error ? error.message : String(error) },
    );
  }

  /** Once, until it works again. */
  function warn(message: string, details: object): void {
    if (!isFailing) logger.warn(message, details);
    isFailing = true;
  }

  function markSoon(): void {
    if (isClosed) return;
    cancel ??= clock.after(markIntervalMs, () => {
      marking = mark().then(() => {
        cancel = undefined;
        if (!isMarked && !isClosed) markSoon();
      });
    });
  }

  const known = await readKnown();
  if (known && (await wentBack(known))) {
    logger.warn('The storage was restored to an earlier state; giving it a new epoch', {
      id: track.identity.id,
    });
    await track.renew(known.renewals);
  } else if (!known && (await mayBeCopy())) {
    logger.warn(
      'The state directory does not know this storage, which may be a copy; giving it a new epoch',
      {
        id: track.identity.id,
        directory: stateDirectory,
      },
    );
    await track.renew();
  }
  await mark();

  /** Whether the storage has the mark that this relay read before, or has dropped it as too old. */
  function hasKept({ latest, earlier }: MarksRead, before: StorageMark | undefined): boolean {
    if (!before || !latest || latest.number - before.number >= keptMarks) return true;
    return [latest, ...earlier].some((mark) => isEqual(mark, before));
  }

  function see(mark: StorageMark, identity: StorageIdentity): void {
    if (!isEqual(seen?.identity, identity) || mark.number > (seen?.mark.number ?? 0))
      seen = { identity, mark };
  }

  async function read(numbers: readonly number[]): Promise<MarkedState | undefined> {
    const { identity } = track;
    const before = isEqual(seen?.identity, identity) ? seen?.mark : undefined;
    const found = await readMarks(database.query, [...numbers, ...(before ? [before.number] : [])]);
    // A power failure may take a mark from PGlite. The state file must have it before a client does.
    await marking;
    // Read afterwards: if the storage went back before the marks were read, this shows it.
    if (!(await track.isCurrent()) || !isEqual(identity, track.identity)) return undefined;
    const { latest, earlier } = found;
    if (!latest || !hasKept(found, before)) return undefined;
    see(latest, identity);
    const asked = new Set(numbers);
    return { identity, latest, earlier: earlier.filter(({ number }) => asked.has(number)) };
  }

  return {
    readMarks: read,
    noteCommit() {
      isMarked = false;
      markSoon();
    },
    async close() {
      isClosed = true;
      cancel?.();
      await marking;
      if (!isMarked) await (marking = mark());
    },
  };
}
