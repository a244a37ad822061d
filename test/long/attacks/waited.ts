import { readdirSync, readFileSync } from 'node:fs';

/** The threads of a process, each with the time it was runnable but waited for a processor. */
export type Waited = ReadonlyMap<string, number>;

/** The second number of Linux's `schedstat`, converted from nanoseconds to ms. Empty on systems without it. */
export function waitedOf(pid: number): Waited {
  try {
    const tasks = `/proc/${pid}/task`;
    return new Map(readdirSync(tasks).map((task) => [task, waitedMs(`${tasks}/${task}/schedstat`)]));
  } catch {
    return new Map();
  }
}

/** The longest wait of one thread: a lower bound on the time during which any thread waited for a processor. */
export function longestWaitMs(before: Waited, after: Waited): number {
  return Math.max(0, ...[...after].map(([task, waited]) => waited - (before.get(task) ?? 0)));
}

function waitedMs(path: string): number {
  const [, waited = '0'] = readFileSync(path, 'utf8').split(' ');
  return Number(waited) / 1_000_000;
}
