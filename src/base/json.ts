export type JsonRecord = Readonly<Record<string, unknown>>;

/** A JSON object: neither null nor an array. Only for values that came out of `JSON.parse`. */
export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A counter of cojson: how many transactions, or the index of one. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** False for what is nested so deeply that turning it into a string again would overflow the stack. */
export function isShallow(value: unknown, depth = 32): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((part) => isShallow(part, depth - 1));
}

/** Undefined where the text is not JSON: JSON itself has no such value. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message repeats the text, which may be private; that it is not JSON is all that callers need.
    return undefined;
  }
}
