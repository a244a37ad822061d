import { describeReason } from '../../src/inspect/unsynced/describe-reason.ts';
import type { Reason, UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import { textMatcher } from '../../src/inspect/shared/text-matcher.ts';
import type { RungName } from '../../src/inspect/snapshot/overview-facts.ts';

export interface Filter {
  readonly text: string;
  readonly isPattern: boolean;
  readonly facet: Facet | undefined;
  readonly rung: RungName | undefined;
}

export const facets = [
  'Not made',
  'Not counted',
  'Not saved',
  'Refused',
  'Not connected',
  'Held back',
  'Not sent',
  'Not confirmed',
  'Not durable',
  'Out of date',
] as const;
export type Facet = (typeof facets)[number];

const facetByReason: Readonly<Record<Reason['kind'], Facet | undefined>> = {
  'not-made': 'Not made',
  'not-counted': 'Not counted',
  'not-saved': 'Not saved',
  saving: 'Not saved',
  refused: 'Refused',
  withheld: 'Refused',
  skipped: 'Refused',
  'asked-again': 'Not sent',
  offline: 'Not connected',
  'not-connected': 'Not connected',
  silent: 'Not connected',
  connecting: 'Not connected',
  'relay-failed': 'Not connected',
  closed: 'Not connected',
  'no-relay': 'Not connected',
  'no-server-peer': 'Not connected',
  paused: 'Held back',
  off: 'Held back',
  'signed-out': 'Held back',
  queued: 'Not sent',
  draining: 'Not sent',
  sending: 'Not sent',
  unanswered: 'Not sent',
  'not-sent': 'Not sent',
  unread: 'Not sent',
  'other-tab': 'Not sent',
  unconfirmed: 'Not confirmed',
  'not-durable': 'Not durable',
  'out-of-date': 'Out of date',
  arrived: undefined,
};

/** The rows that match everything except the facet, so that each facet can show its count. */
export function matchRows(
  rows: readonly UnsyncedRow[],
  filter: Filter,
  nowMs: number,
  contentOf: (row: UnsyncedRow) => string = () => '',
): readonly UnsyncedRow[] {
  const { rung } = filter;
  const matches = textMatcher(filter.text, filter.isPattern);
  if (!matches && rung === undefined) return rows;
  return rows.filter(
    (row) =>
      (rung === undefined || row.steps[rung] === 'pending' || row.steps[rung] === 'failed') &&
      (!matches ||
        matches(`${row.id} ${row.name ?? ''} ${row.kind} ${describeReason(row.reason, nowMs)}`) ||
        matches(contentOf(row))),
  );
}

export function countFacets(rows: readonly UnsyncedRow[]): ReadonlyMap<Facet, number> {
  const counts = new Map<Facet, number>();
  for (const row of rows) {
    const facet = facetByReason[row.reason.kind];
    if (facet) counts.set(facet, (counts.get(facet) ?? 0) + 1);
  }
  return counts;
}

export function inFacet(rows: readonly UnsyncedRow[], facet: Facet | undefined): readonly UnsyncedRow[] {
  return facet === undefined ? rows : rows.filter((row) => facetByReason[row.reason.kind] === facet);
}
