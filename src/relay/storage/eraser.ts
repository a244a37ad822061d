import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { RawCoID } from '../../engine/content.ts';

/** Erases deleted CoValues in the background. The record of their deletion is kept. */
export interface Eraser {
  enable(): void;
  /** Schedules a run, because a CoValue may have been deleted. */
  notify(): void;
  eraseAll(): Promise<void>;
  stop(): void;
}

interface DeletionRow {
  readonly id: RawCoID;
  readonly payer: string | null;
}

const firstDelayMs = 1_000;
const repeatDelayMs = 60_000;
/** Twice as long as a relay counts usage before it writes it. */
const usageDelayMs = 20_000;

/** `gaveBack`: the usage of this principal is less now. */
export function createEraser(
  database: Database,
  clock: Clock,
  logger: Logger,
  gaveBack: (payer: string) => void = () => {},
): Eraser {
  let isEnabled = false;
  /** Found by the last scheduled run, which left them to the next one. */
  let left: ReadonlySet<RawCoID> = new Set();
  let cancel: (() => void) | undefined;

  function schedule(delayMs: number): void {
    if (!isEnabled || cancel) return;
    cancel = clock.after(delayMs, () => {
      cancel = undefined;
      run().catch((error: unknown) => {
        logger.warn('Could not erase deleted CoValues; retrying', { error });
        schedule(repeatDelayMs);
      });
    });
  }

  /** What gives usage back waits for the next run, because a relay may not have written yet what it adds to the usage. */
  async function run(): Promise<void> {
    const rows = await readRows();
    const mustWait = ({ id, payer }: DeletionRow) => payer !== null && !left.has(id);
    const waiting = rows.filter(mustWait);
    await eraseRows(rows.filter((row) => !mustWait(row)));
    left = new Set(waiting.map(({ id }) => id));
    if (left.size > 0) schedule(usageDelayMs);
  }

  const readRows = () =>
    database.query<DeletionRow>(
      `select covalue_id as id, payer from relay.deletions where not erased order by covalue_id`,
    );

  async function eraseRows(rows: readonly DeletionRow[]): Promise<void> {
    for (const { id, payer } of rows) {
      await erase(database, id, payer !== null);
      if (payer !== null) gaveBack(payer);
    }
  }

  return {
    enable() {
      isEnabled = true;
      schedule(firstDelayMs);
    },
    notify: () => schedule(repeatDelayMs),
    eraseAll: async () => eraseRows(await readRows()),
    stop() {
      isEnabled = false;
      cancel?.();
    },
  };
}

/** Keeps the header and the sessions that contain the deletion itself. */
async function erase(database: Database, id: RawCoID, givesBack: boolean): Promise<void> {
  await database.transaction(async (query) => {
    // Lock like every writer, including those on other relays.
    await query(`select from relay.covalues where id = $1 for update`, [id]);
    if (givesBack) await query(giveBack, [id]);
    for (const table of ['transactions', 'signatures', 'sessions']) {
      await query(`delete from relay.${table} where covalue_id = $1 and right(session_id, 1) <> '$'`, [id]);
    }
    await query(`update relay.deletions set erased = true, payer = null where covalue_id = $1`, [id]);
  });
}

/** Another relay may have done so by now. */
const giveBack = `update relay.usage
  set bytes = greatest(0, bytes - (
      select coalesce(sum(octet_length(tx)), 0) from relay.transactions
      where covalue_id = $1 and right(session_id, 1) <> '$'
    )),
    covalues = greatest(0, covalues - 1)
  where principal = (select payer from relay.deletions where covalue_id = $1 and not erased)`;
