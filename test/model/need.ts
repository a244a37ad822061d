/** Returns a value that must be there. */
export function need<T>(value: T): NonNullable<T> {
  if (value === undefined || value === null) throw new Error('The model expects a value here.');
  return value;
}
