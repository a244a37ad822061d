import { readFileSync } from 'node:fs';

/**
 * For how long a process has been ready to run and other programs had the processors, on its main thread; 0 where the
 * system does not say. The second number of Linux' `schedstat`, in nanoseconds.
 */
export function waitedMs(pid: number): number {
  try {
    const [, waited = '0'] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waited) / 1_000_000;
  } catch {
    return 0;
  }
}
