import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { RawCoID } from '../../engine/content.ts';

/** Frees the space of deleted CoValues, in the background. What says that they are deleted stays for ever. */
export interface Eraser {
  enable(): void;
  /** More may have been deleted. */
  notify(): void;
  eraseAll(): Promise<void>;
  stop(): void;
}

const firstAfterMs = 1_000;
const againAfterMs = 60_000;

export function createEraser(database: Database, clock: Clock, logger: Logger): Eraser {
  let isEnabled = false;
  let cancel: (() => void) | undefined;

  function schedule(delayMs: number): void {
    if (!isEnabled || cancel) return;
    cancel = clock.after(delayMs, () => {
      cancel = undefined;
      eraseAll().catch((error: unknown) => {
        logger.warn('Erasing deleted CoValues failed, and is tried again', { error });
        schedule(againAfterMs);
      });
    });
  }

  async function eraseAll(): Promise<void> {
    const rows = await database.query<{ id: RawCoID }>(
      `select covalue_id as id from deletions where not erased order by covalue_id`,
    );
    for (const { id } of rows) await erase(database, id);
  }

  return {
    enable() {
      isEnabled = true;
      schedule(firstAfterMs);
    },
    notify: () => schedule(againAfterMs),
    eraseAll,
    stop() {
      isEnabled = false;
      cancel?.();
    },
  };
}

/** The header stays, and the sessions in which the deletion itself is written. */
async function erase(database: Database, id: RawCoID): Promise<void> {
  await database.transaction(async (query) => {
    // As writers do, which may be on another relay.
    await query(`select from covalues where id = $1 for update`, [id]);
    for (const table of ['transactions', 'signatures', 'sessions']) {
      await query(`delete from ${table} where covalue_id = $1 and right(session_id, 1) <> '$'`, [id]);
    }
    await query(`update deletions set erased = true where covalue_id = $1`, [id]);
  });
}
