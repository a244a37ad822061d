import type { Line } from './line.ts';

/** One suite of `npm run bench`. `-- --only` selects it by its name. */
export interface Suite {
  readonly name: string;
  /** Yields each line once it is measured. */
  run(context: BenchContext): AsyncIterable<Line>;
}

export interface BenchContext {
  /** The built command `maia-relay`. */
  readonly relayScript: string;
  /** Our package, as built by `npm run build`. */
  readonly packageFolder: string;
  /** `bench`, with the sources of what runs in a browser. */
  readonly benchFolder: string;
  /** Where the peers are installed. */
  readonly peersFolder: string;
  /** An empty folder, deleted after the run. */
  readonly temporaryFolder: string;
  /** Runs `end` after the suite, even if the suite failed. The last one added runs first. */
  finally(end: () => Promise<unknown>): void;
  /** From `--part`: measures only what has this text in its name. For trials, whose results are not written. */
  readonly part: string | undefined;
  /** From `--rounds`, for trials of the suites in a browser, too. */
  readonly rounds: number | undefined;
  /** Records the version of what was already installed, such as the browser. */
  addVersion(name: string, version: string): void;
  /** Prints progress. */
  say(sentence: string): void;
}
