/**
 * An empty list for values other than small integers, in code that runs for each transaction of a group. V8 expects small integers in
 * `[]`, and discards optimized code when the first value of another kind is added.
 */
export function emptyList<T extends object | string | undefined>(): T[] {
  const list: unknown[] = [undefined];
  list.pop();
  return list as T[];
}

/** Returns the list of the key. Most have one entry, for which V8 reserves more space if it is pushed into an empty list. */
export function addToList<T>(lists: Map<string, T[]>, key: string, value: T): T[] {
  const list = lists.get(key);
  if (list) {
    list.push(value);
    return list;
  }
  const added = [value];
  lists.set(key, added);
  return added;
}

export function addToSet(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}

export function isInSet(sets: ReadonlyMap<string, ReadonlySet<string>>, key: string, value: string): boolean {
  return sets.get(key)?.has(value) ?? false;
}
