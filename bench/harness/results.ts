import type { Line } from './line.ts';

/** The format of bench/results.json. */
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
  /** Versions of the peers, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Replaces the lines of the suites that ran; other suites' lines stay. */
export function mergeResults(before: Results | undefined, run: Results): Results {
  const suites = new Set(run.lines.map(({ suite }) => suite));
  const kept = before?.lines.filter(({ suite }) => !suites.has(suite)) ?? [];
  const lines = [...kept, ...run.lines].sort((a, b) => (a.suite < b.suite ? -1 : a.suite > b.suite ? 1 : 0));
  const versions = { ...before?.machine.versions, ...run.machine.versions };
  return { ...run, machine: { ...run.machine, versions }, lines };
}
