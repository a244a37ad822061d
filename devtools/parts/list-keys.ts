/** The row index that a navigation key leads to; undefined for other keys. `chosen` is -1 if no row is selected. */
export function rowAfterKey(
  key: string,
  { chosen, count, page = 1 }: { readonly chosen: number; readonly count: number; readonly page?: number },
): number | undefined {
  const last = count - 1;
  const wantedByKey: Readonly<Record<string, number>> = {
    ArrowDown: chosen + 1,
    ArrowUp: chosen < 0 ? last : chosen - 1,
    PageDown: chosen + page,
    PageUp: chosen - page,
    Home: 0,
    End: last,
  };
  const wanted = wantedByKey[key];
  return wanted === undefined || count === 0 ? undefined : Math.min(last, Math.max(0, wanted));
}
