import type { Line } from './line.ts';

/** What `npm run bench -- --only NAME` runs. */
export interface Suite {
  readonly name: string;
  run(context: BenchContext): Promise<readonly Line[]>;
}

export interface BenchContext {
  /** The built command `maia-relay`. */
  readonly relayScript: string;
  /** Our package, as `npm run build` makes it. */
  readonly packageFolder: string;
  /** `bench`, with the sources of what runs in a browser. */
  readonly benchFolder: string;
  /** Where the peers are installed. */
  readonly peersFolder: string;
  /** An empty folder, gone after the run. */
  readonly temporaryFolder: string;
  /** Runs after the suite, the last one first, also where the suite failed. */
  finally(end: () => Promise<unknown>): void;
  /** Of `--part`: only what has it in its name is measured. For trials, whose results are not written. */
  readonly part: string | undefined;
  /** Names the version of a server that was there already. */
  addVersion(name: string, version: string): void;
  /** Says what goes on. */
  say(sentence: string): void;
}
