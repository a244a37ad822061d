import type { Clock } from '../../base/clock.ts';
import { parseJson } from '../../base/json.ts';
import type { Logger } from '../../base/logger.ts';
import { isRecord } from '../../base/record.ts';
import { pause, retry } from '../../base/retry.ts';
import { ownerOf, type CoValueHeader } from '../../engine/content.ts';
import { isCoValueID } from '../../wire/ids.ts';
import type { Database } from '../database/database.ts';

/** Fills in the owners of CoValues that relays of earlier versions, or an import, have stored. */
export interface OwnerFill {
  /** Fills them in, slice by slice, unless it is doing so. */
  start(): void;
  stop(): void;
}

interface Row {
  readonly id: string;
  readonly header: string;
}

const rowsPerSlice = 200;
/** For the commits and loads of clients. */
const pauseMs = 20;
const firstRetryMs = 1_000;
/** Until then, another transaction has rows that are skipped. */
const lockedMs = 1_000;

export function fillOwners(
  { query, write }: Pick<Database, 'query' | 'write'>,
  clock: Clock,
  logger: Logger,
): OwnerFill {
  const ending = new AbortController();
  let isFilling = false;

  async function fill(): Promise<void> {
    let after = '';
    let skipped = 0;
    let filled = 0;
    while (!ending.signal.aborted) {
      const rows = await query<Row>(
        `select id, header from relay.covalues where owner is null and id > $1 order by id limit ${rowsPerSlice}`,
        [after],
      );
      const last = rows.at(-1);
      if (!last && skipped === 0) break;
      if (last) {
        const written = await fillSlice(rows);
        filled += written;
        skipped += rows.length - written;
        after = last.id;
      } else {
        after = '';
        skipped = 0;
      }
      await pause(last ? pauseMs : lockedMs, clock, ending.signal);
    }
    if (filled > 0) logger.debug('Filled in the owners of stored CoValues', { count: filled });
  }

  /** Skips what another transaction has locked, so that the two never wait for each other. Returns how many it filled in. */
  async function fillSlice(rows: readonly Row[]): Promise<number> {
    const written = await write(
      `with free as (
         select id from relay.covalues where id = any($1::text[]) and owner is null order by id for update skip locked
       )
       update relay.covalues set owner = filled.owner
       from unnest($1::text[], $2::text[]) as filled (id, owner) join free on free.id = filled.id
       where covalues.id = filled.id returning 1`,
      [rows.map(({ id }) => id), rows.map(ownerIn)],
    );
    return written.length;
  }

  return {
    start() {
      if (isFilling || ending.signal.aborted) return;
      isFilling = true;
      void retry(fill, {
        clock,
        signal: ending.signal,
        firstDelayMs: firstRetryMs,
        failed: (error) => logger.debug('Could not fill in the owners of CoValues; retrying', { error }),
      }).then(() => (isFilling = false));
    },
    stop: () => ending.abort(),
  };
}

/** An import may have brought what no relay takes from a client. */
function ownerIn({ id, header }: Row): string {
  const read = parseJson(header);
  if (!isRecord(read) || !isRecord(read.ruleset)) return id;
  const owner = ownerOf(id, read as unknown as CoValueHeader);
  return isCoValueID(owner) ? owner : id;
}
