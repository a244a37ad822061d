import type { Clock } from '../../base/clock.ts';

const turnMs = 2;

/**
 * Visits all items in turns of the event loop that take about 2 ms each: the first now, later ones after what has waited.
 * Calls `done` at the end. Returns a function that stops it.
 */
export function visitInTurns<T>(
  items: Iterable<T>,
  visit: (item: T) => void,
  clock: Pick<Clock, 'elapsedMs'>,
  done: () => void,
): () => void {
  const rest = items[Symbol.iterator]();
  let nextTurn: NodeJS.Immediate | undefined;

  function turn(): void {
    const untilMs = clock.elapsedMs() + turnMs;
    for (;;) {
      const item = rest.next();
      if (item.done) return done();
      visit(item.value);
      if (clock.elapsedMs() < untilMs) continue;
      nextTurn = setImmediate(turn);
      return;
    }
  }

  turn();
  return () => clearImmediate(nextTurn);
}
