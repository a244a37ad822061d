import { readdirSync, readFileSync } from 'node:fs';

/** The threads of a process, each with the time for which it was ready to run and other programs had the processors. */
export type Waited = ReadonlyMap<string, number>;

/** Empty where the system does not say. The second number of Linux' `schedstat`, in nanoseconds. */
export function waitedOf(pid: number): Waited {
  try {
    const tasks = `/proc/${pid}/task`;
    return new Map(readdirSync(tasks).map((task) => [task, waitedMs(`${tasks}/${task}/schedstat`)]));
  } catch {
    return new Map();
  }
}

/** For how long, at least, one of the threads was not let run. */
export function longestWaitMs(before: Waited, after: Waited): number {
  return Math.max(0, ...[...after].map(([task, waited]) => waited - (before.get(task) ?? 0)));
}

function waitedMs(path: string): number {
  const [, waited = '0'] = readFileSync(path, 'utf8').split(' ');
  return Number(waited) / 1_000_000;
}
