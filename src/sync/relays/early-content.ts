import type { Clock } from '../../base/clock.ts';
import type { Content } from '../../engine/content.ts';

/** Content of CoValues that this node did not ask for. It waits for a CoValue that depends on it. */
export interface EarlyContent {
  /** Keeps the content, or drops it. */
  add(content: Content, bytes: number): void;
  /** Removes and returns what waits of the CoValue. */
  take(id: string): readonly Content[];
  /** As `take`, of all that this content depends on, in the order in which it arrived. */
  takeFor(content: Content): readonly Content[];
  /** The relay sends it again on its next connection. */
  clear(): void;
}

/** A stock relay sends the groups and accounts of everything that was asked for first. Nothing is lost beyond: it is asked for. */
const mostBytes = 10_000_000;
const mostMessages = 5_000;
/** Such a relay may take long on a slow network. */
const waitMs = 60_000;

interface Waiting {
  readonly id: string;
  /** Rises in the order in which CoValues first arrived. */
  readonly place: number;
  readonly contents: Content[];
  bytes: number;
  readonly cancel: () => void;
}

export function createEarlyContent(options: {
  readonly clock: Pick<Clock, 'after'>;
  readonly dependenciesOf: (content: Content) => Iterable<string>;
  /** Nothing that depends on it came in time, or there is no room for more. */
  readonly onDropped: (content: Content) => void;
}): EarlyContent {
  const { clock, dependenciesOf, onDropped } = options;
  /** Oldest first. */
  const waiting = new Map<string, Waiting>();
  let places = 0;
  let messages = 0;
  let bytes = 0;

  function take(id: string): readonly Content[] {
    const found = waiting.get(id);
    if (!found) return [];
    found.cancel();
    waiting.delete(id);
    messages -= found.contents.length;
    bytes -= found.bytes;
    return found.contents;
  }

  function drop(id: string): void {
    const [first] = take(id);
    if (first) onDropped(first);
  }

  function makeRoom(): void {
    for (const id of waiting.keys()) {
      if (messages <= mostMessages && bytes <= mostBytes) return;
      drop(id);
    }
  }

  return {
    add(content, length) {
      const { id, header } = content;
      // Later pieces are of no use without the first one.
      if (!header && !waiting.has(id)) return onDropped(content);
      const entry = waiting.get(id) ?? {
        id,
        place: places++,
        contents: [],
        bytes: 0,
        cancel: clock.after(waitMs, () => drop(id)),
      };
      waiting.set(id, entry);
      entry.contents.push(content);
      entry.bytes += length;
      messages++;
      bytes += length;
      makeRoom();
    },
    take,
    takeFor(content) {
      if (waiting.size === 0) return [];
      const needed = new Set(dependenciesOf(content));
      // The loop also visits the IDs that it adds.
      for (const id of needed) {
        for (const found of waiting.get(id)?.contents ?? [])
          for (const dependency of dependenciesOf(found)) needed.add(dependency);
      }
      return [...needed]
        .flatMap((id) => waiting.get(id) ?? [])
        .sort((a, b) => a.place - b.place)
        .flatMap(({ id }) => take(id));
    },
    clear() {
      for (const id of [...waiting.keys()]) take(id);
    },
  };
}
