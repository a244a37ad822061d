import type { Content } from '../../engine/content.ts';

/** Undefined if nothing in the content waits for its commit. Afterwards, the result gives what was stored. */
export type HeldBack = (content: Content) => (() => Content) | undefined;

export interface OrderContentOptions {
  readonly heldBack: HeldBack;
  onceWritten(id: string, run: () => void): void;
  send(content: Content): void;
}

/**
 * Sends content to one client. Whoever sees the beginning of a session can bring a copy of it to another relay on the same
 * database, so it goes out only once its own place is committed, and later content of the CoValue after it.
 */
export function orderContent({
  heldBack,
  onceWritten,
  send,
}: OrderContentOptions): (content: Content) => void {
  /** How many messages wait, by CoValue. Created on demand, because thousands of idle connections need none. */
  let waiting: Map<string, number> | undefined;

  return (content) => {
    const { id } = content;
    const held = heldBack(content);
    if (!held && !waiting?.has(id)) return send(content);
    const counts = (waiting ??= new Map<string, number>());
    counts.set(id, (counts.get(id) ?? 0) + 1);
    onceWritten(id, () => {
      const left = (counts.get(id) ?? 1) - 1;
      if (left === 0) counts.delete(id);
      else counts.set(id, left);
      send(held ? held() : content);
    });
  };
}
