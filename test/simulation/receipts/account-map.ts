import type { RawCoMap } from 'cojson';

interface Edit {
  readonly value: unknown;
  readonly atMs: number;
  readonly by: number;
}

/** One device's copy of the account's map. The latest edit of each key wins, by the clocks of those that made them. */
export interface AccountMap {
  readonly asCoMap: RawCoMap;
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  mergeFrom(other: AccountMap): void;
  readonly edits: ReadonlyMap<string, Edit>;
}

/** `written`: called with the key for each edit of the kernel. */
export function createAccountMap(
  by: number,
  nowMs: () => number,
  changed: () => void,
  written: (key: string) => void,
): AccountMap {
  const edits = new Map<string, Edit>();
  const get = (key: string) => edits.get(key)?.value;
  const set = (key: string, value: unknown) => {
    edits.set(key, { value: structuredClone(value), atMs: nowMs(), by });
    changed();
  };
  const asCoMap = {
    get,
    set(key: string, value: unknown) {
      written(key);
      set(key, value);
    },
    keys: () => [...edits].filter(([, { value }]) => value !== undefined).map(([key]) => key),
    delete: (key: string) => set(key, undefined),
    lastEditAt: (key: string) => {
      const edit = edits.get(key);
      return edit && { at: new Date(edit.atMs) };
    },
  };
  return {
    asCoMap: asCoMap as Partial<RawCoMap> as RawCoMap,
    get,
    set,
    edits,
    mergeFrom(other) {
      let hasChanged = false;
      for (const [key, edit] of other.edits) {
        const before = edits.get(key);
        if (before && (before.atMs > edit.atMs || (before.atMs === edit.atMs && before.by >= edit.by)))
          continue;
        edits.set(key, edit);
        hasChanged = true;
      }
      if (hasChanged) changed();
    },
  };
}
