/** A JSON object whose values are unchecked. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** True for objects other than null and arrays. For values parsed from JSON or read from IndexedDB. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
