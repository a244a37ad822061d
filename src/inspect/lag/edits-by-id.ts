export interface EditsByID<T> {
  readonly size: number;
  /** False if the maximum is reached. */
  add(id: string, edit: T): boolean;
  /** Oldest first. */
  of(id: string): readonly T[];
  all(): Iterable<T>;
  settle(id: string, hasArrived: (edit: T) => boolean): void;
  drop(id: string): void;
  clear(): void;
}

export function createEditsByID<T>(maxSize: number): EditsByID<T> {
  const editsByID = new Map<string, T[]>();
  let size = 0;

  function* all(): Generator<T> {
    for (const edits of editsByID.values()) yield* edits;
  }

  const edits: EditsByID<T> = {
    get size() {
      return size;
    },
    add(id, edit) {
      if (size >= maxSize) return false;
      size++;
      const known = editsByID.get(id);
      if (known) known.push(edit);
      else editsByID.set(id, [edit]);
      return true;
    },
    of: (id) => editsByID.get(id) ?? [],
    all,
    settle(id, hasArrived) {
      const before = edits.of(id);
      const left = before.filter((edit) => !hasArrived(edit));
      size -= before.length - left.length;
      if (left.length > 0) editsByID.set(id, left);
      else editsByID.delete(id);
    },
    drop(id) {
      size -= edits.of(id).length;
      editsByID.delete(id);
    },
    clear() {
      editsByID.clear();
      size = 0;
    },
  };
  return edits;
}
