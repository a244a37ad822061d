import { textMatcher } from '../../shared/text-matcher.ts';
import type { CoValueKind } from '../../snapshot/covalue-kind.ts';
import type { UnsyncedRow } from '../../snapshot/unsynced-row.ts';
import type { CoValueList, ListedCoValue, ListOrder, ListWanted, Readers } from './listed-covalue.ts';

/** Selects the rows that match, in their order. Reads the text of each row once, however often it selects. */
export function createCoValueFilter(
  all: readonly ListedCoValue[],
): (wanted: ListWanted) => Pick<CoValueList, 'kinds' | 'total' | 'rows'> {
  let texts: readonly string[] | undefined;

  return ({ text = '', isPattern = false, kind }) => {
    const matches = textMatcher(text, isPattern);
    if (matches) texts ??= all.map(searchTextOf);
    const matching = matches ? all.filter((_, place) => matches(texts?.[place] ?? '')) : all;
    const kinds: Partial<Record<CoValueKind, number>> = {};
    for (const row of matching) kinds[row.kind] = (kinds[row.kind] ?? 0) + 1;
    const rows = kind === undefined ? matching : matching.filter((row) => row.kind === kind);
    return { kinds, total: rows.length, rows };
  };
}

function searchTextOf({ id, name = '', kind, owner }: ListedCoValue): string {
  return `${id} ${name} ${kind} ${owner?.name ?? ''}`;
}

/** Compares two rows for an order. Sorting leaves equal ones as they were. */
export function comparing(
  order: ListOrder,
  isReversed: boolean,
): (a: ListedCoValue, b: ListedCoValue) => number {
  const compare = comparisons[order];
  return isReversed ? (a, b) => compare(b, a) : compare;
}

const comparisons: Readonly<Record<ListOrder, (a: ListedCoValue, b: ListedCoValue) => number>> = {
  progress: (a, b) => stepsLeft(b.unsynced) - stepsLeft(a.unsynced),
  name: (a, b) => compareNames(a.name, b.name),
  kind: (a, b) => compareText(a.kind, b.kind),
  owner: (a, b) => compareNames(a.owner?.name ?? a.owner?.id, b.owner?.name ?? b.owner?.id),
  bytes: (a, b) => (b.bytes ?? -1) - (a.bytes ?? -1),
  edited: (a, b) => (b.editedAtMs ?? -Infinity) - (a.editedAtMs ?? -Infinity) || 0,
  readers: (a, b) => readerCount(b.readers) - readerCount(a.readers),
};

/** A failed step outweighs all that are pending. */
function stepsLeft(row: UnsyncedRow | undefined): number {
  if (!row) return 0;
  const steps = Object.values(row.steps);
  const count = (step: string) => steps.filter((each) => each === step).length;
  return count('failed') * (steps.length + 1) + count('pending');
}

function readerCount(readers: Readers | undefined): number {
  if (readers === 'everyone') return Number.MAX_SAFE_INTEGER;
  return typeof readers === 'number' ? readers : -1;
}

/** Those without a name come last. */
function compareNames(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
