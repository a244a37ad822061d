import type { Page } from './covalue-facts.ts';

const maxRows = 500;
const defaultRows = 100;

export function limitOf({ limit = defaultRows }: Page): number {
  return Math.min(maxRows, Math.max(0, Math.floor(limit)));
}

export function sliceOf<Row>(
  rows: readonly Row[],
  page: Page,
): { readonly total: number; readonly rows: readonly Row[] } {
  const from = Math.max(0, Math.floor(page.offset ?? 0));
  return { total: rows.length, rows: rows.slice(from, from + limitOf(page)) };
}
