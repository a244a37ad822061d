/** Freezes a value of JSON, however deep it is, so that changing it in place throws. What is frozen already is left out. */
export function freezeJson<T>(value: T): T {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    for (const part of Object.values(Object.freeze(next))) left.push(part);
  }
  return value;
}
