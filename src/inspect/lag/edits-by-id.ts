/** What waits, by CoValue, and never more than so much of it. */
export interface EditsByID<T> {
  readonly size: number;
  /** False where there are as many already. */
  add(id: string, edit: T): boolean;
  /** Oldest first. */
  of(id: string): readonly T[];
  all(): Iterable<T>;
  /** Lets go of those of which `look` says that they have arrived. */
  settle(id: string, look: (edit: T) => boolean): void;
  drop(id: string): void;
  clear(): void;
}

export function createEditsByID<T>(most: number): EditsByID<T> {
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
      if (size >= most) return false;
      size++;
      const known = editsByID.get(id);
      if (known) known.push(edit);
      else editsByID.set(id, [edit]);
      return true;
    },
    of: (id) => editsByID.get(id) ?? [],
    all,
    settle(id, look) {
      const before = edits.of(id);
      const left = before.filter((edit) => !look(edit));
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
