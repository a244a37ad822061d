/** An entry of one `CountedList`. A hidden one keeps its place, and is not counted. */
export interface Counted {
  isHidden: boolean;
  /** Its place in the list. */
  chunk?: Chunk<this>;
}

interface Chunk<T> {
  readonly entries: T[];
  /** Of those that are not hidden. */
  count: number;
}

/**
 * A list in which an entry goes next to another without a search for its index, which would cost as much as the list is long. Entries
 * stay for good, also hidden ones.
 */
export interface CountedList<T extends Counted> {
  /** Without the hidden ones. */
  length(): number;
  at(index: number): T | undefined;
  /** Without the hidden ones. */
  toArray(): T[];
  push(entry: T): void;
  /** Before the neighbour or, with an offset of 1, after it. */
  insert(neighbour: T, offset: 0 | 1, entry: T): void;
  hide(entry: T): void;
}

/** A million entries are 2,000 chunks or more: a walk through all of either takes microseconds. */
const maxEntries = 512;

const isShown = ({ isHidden }: Counted) => !isHidden;

export function createCountedList<T extends Counted>(): CountedList<T> {
  const chunks: [Chunk<T>, ...Chunk<T>[]] = [{ entries: [], count: 0 }];
  let length = 0;

  function insertAt(chunk: Chunk<T>, index: number, entry: T): void {
    const { entries } = chunk;
    entries.splice(index, 0, entry);
    entry.chunk = chunk;
    if (isShown(entry)) count(chunk, 1);
    if (entries.length <= maxEntries) return;
    // Additions at the end leave full chunks behind.
    const others = entries.splice(index === maxEntries ? index : maxEntries / 2);
    const next = { entries: others, count: others.filter(isShown).length };
    chunk.count -= next.count;
    for (const other of others) other.chunk = next;
    chunks.splice(chunks.lastIndexOf(chunk) + 1, 0, next);
  }

  function count(chunk: Chunk<T>, change: number): void {
    chunk.count += change;
    length += change;
  }

  return {
    length: () => length,
    at(index) {
      let left = index;
      for (const { entries, count: ofChunk } of chunks) {
        if (left < ofChunk) return entries.find((entry) => isShown(entry) && left-- === 0);
        left -= ofChunk;
      }
      return undefined;
    },
    toArray: () => chunks.flatMap(({ entries }) => entries.filter(isShown)),
    push(entry) {
      const last = chunks.at(-1) ?? chunks[0];
      insertAt(last, last.entries.length, entry);
    },
    insert(neighbour, offset, entry) {
      const { chunk } = neighbour;
      if (chunk) insertAt(chunk, chunk.entries.indexOf(neighbour) + offset, entry);
    },
    hide(entry) {
      if (entry.isHidden) return;
      entry.isHidden = true;
      if (entry.chunk) count(entry.chunk, -1);
    },
  };
}
