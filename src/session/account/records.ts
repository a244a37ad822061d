/** Said by everything that we version, whatever else it holds. */
export function isNewerThanVersion1(value: unknown): boolean {
  return isRecord(value) && typeof value['v'] === 'number' && value['v'] > 1;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
