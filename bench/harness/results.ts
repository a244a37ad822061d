import type { Line } from './line.ts';

/** bench/results.json. */
export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly lines: readonly Line[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  /** Of what the suites compare with, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Puts a run's lines in the place of those of the same suites; other suites' lines stay as they were. */
export function mergeResults(before: Results | undefined, run: Results): Results {
  const suites = new Set(run.lines.map(({ suite }) => suite));
  const kept = before?.lines.filter(({ suite }) => !suites.has(suite)) ?? [];
  const lines = [...kept, ...run.lines].sort((a, b) => (a.suite < b.suite ? -1 : a.suite > b.suite ? 1 : 0));
  const versions = { ...before?.machine.versions, ...run.machine.versions };
  return { ...run, machine: { ...run.machine, versions }, lines };
}
