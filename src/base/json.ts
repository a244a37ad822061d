/** True for a cojson counter: a number of transactions, or the index of one. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** False for values nested more than `depth` levels deep: serializing very deep ones would overflow the stack. */
export function isShallow(value: unknown, depth = 32): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((part) => isShallow(part, depth - 1));
}

/** Returns undefined, which no JSON text can mean, if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Drop the parser's error: it repeats the text, which may be private.
    return undefined;
  }
}
