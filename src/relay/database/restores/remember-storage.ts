import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Database } from '../database.ts';
import { readStateFile, writeStateFile, type RememberedState } from './state-file.ts';
import { addMark, hasMark, prepareMarks } from './storage-marks.ts';
import type { StorageTrack } from '../storage-track.ts';

/** Remembers the state of the storage outside of it, so that a relay that starts on a restored storage notices. */
export interface StorageMemory {
  /** This relay or another one has committed. */
  noteCommit(): void;
  /** Remembers what was committed since the last mark. Never rejects. */
  close(): Promise<void>;
}

export interface StorageMemoryOptions {
  readonly database: Database;
  readonly track: Pick<StorageTrack, 'identity' | 'renewals' | 'renew'>;
  /** Outside the storage, or it would be restored together with it. */
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const markIntervalMs = 10_000;

/** Renews the epoch if the storage went back since it was last remembered. Without a state file, nothing is noticed. */
export async function rememberStorage(options: StorageMemoryOptions): Promise<StorageMemory> {
  const { database, track, stateDirectory, clock, logger } = options;
  let last: (RememberedState & { readonly id: string }) | undefined;
  let isMarked = true;
  let isFailing = false;
  let marking: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let isClosed = false;

  async function wentBack({ renewals, mark }: RememberedState): Promise<boolean> {
    // Another relay has noticed it, or somebody renewed the epoch by hand.
    if (track.renewals > renewals) return false;
    return track.renewals < renewals || !(await hasMark(database.query, mark));
  }

  async function readKnown(): Promise<RememberedState | undefined> {
    try {
      return await readStateFile(stateDirectory, track.identity.id);
    } catch (error) {
      warnOfDirectory(error);
      return undefined;
    }
  }

  async function mark(): Promise<void> {
    isMarked = true;
    try {
      // The table is missing in a database that was restored from a time before it.
      await prepareMarks(database);
      // A running relay renews the epoch elsewhere. Until then, remember what the storage lost.
      if (last?.id === track.identity.id && (await wentBack(last))) throw new Error('The storage went back.');
      last = { id: track.identity.id, renewals: track.renewals, mark: await addMark(database) };
    } catch (error) {
      isMarked = false;
      warn('Could not remember the state of the storage, so its restore might not be noticed', { error });
      return;
    }
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

  await prepareMarks(database);
  const known = await readKnown();
  if (known && (await wentBack(known))) {
    logger.warn('The storage was restored to an earlier state; giving it a new epoch', {
      id: track.identity.id,
    });
    await track.renew(known.renewals);
  }
  await mark();

  return {
    noteCommit() {
      isMarked = false;
      markSoon();
    },
    async close() {
      isClosed = true;
      cancel?.();
      await marking;
      if (!isMarked) await mark();
    },
  };
}
