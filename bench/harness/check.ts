import type { Line } from './line.ts';

/** How much of a committed ratio is enough. Smaller losses are noise on a busy machine: one run differs by a quarter from the next. */
export const tolerance = 0.6;

/** A sentence for each line that became slower compared with its peer, or that has nothing to be compared with. */
export function findRegressions(committed: readonly Line[], measured: readonly Line[]): readonly string[] {
  return measured.flatMap((line) => {
    const before = committed.find((other) => keyOf(other) === keyOf(line));
    const title = `${line.name}, compared with ${line.peerName}`;
    if (!before) return [`${title}: bench/results.json has no such line. Run the bench of ${line.suite}.`];
    if (line.ratio >= before.ratio * tolerance) return [];
    return [`${title}: the ratio is ${line.ratio}, and was ${before.ratio}.`];
  });
}

function keyOf({ suite, name, peerName }: Line): string {
  return JSON.stringify([suite, name, peerName]);
}
