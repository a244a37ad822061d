import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';

/**
 * Holds the order of rows while the pointer is over them. New rows come last, confirmed rows stay and show that they
 * have arrived, and rows that no longer match the filter keep updating.
 */
export function holdRows(
  before: readonly UnsyncedRow[],
  wanted: readonly UnsyncedRow[],
  all: readonly UnsyncedRow[],
): readonly UnsyncedRow[] {
  const allByID = new Map(all.map((row) => [row.id, row]));
  const held = new Set(before.map((row) => row.id));
  return [
    ...before.map((row) => allByID.get(row.id) ?? arrived(row)),
    ...wanted.filter((row) => !held.has(row.id)),
  ];
}

function arrived(row: UnsyncedRow): UnsyncedRow {
  const { saved, sent, confirmed, durable } = row.steps;
  const reached = <Step extends string>(step: Step) => (step === 'unknown' ? step : 'reached');
  return {
    ...row,
    steps: {
      saved: reached(saved),
      sent: reached(sent),
      confirmed: reached(confirmed),
      durable: reached(durable),
    },
    missingAt: [],
    reason: { kind: 'arrived' },
  };
}
