import { createAccounts } from './accounts.ts';
import { maxTabs, plain, simulate, type Outcome } from './simulate.ts';

/** How many trace lines a failed run prints. */
const printedLines = 25;

export interface FuzzOptions {
  readonly from: number;
  readonly count: number;
  /** One tab per device, no bad connections, no deletions. */
  readonly isPlain: boolean;
  /** The largest number of tabs per device. Default: each run draws it. */
  readonly tabs?: number;
  /** What every run has, by the names of a scenario's parts. Default: each run draws it. */
  readonly having?: readonly string[];
}

/** Runs `count` seeds and prints a summary. Returns the number that failed. */
export async function fuzz({ from, count, isPlain, tabs, having = [] }: FuzzOptions): Promise<number> {
  if (![from, count, tabs ?? maxTabs].every((value) => Number.isSafeInteger(value) && value > 0)) {
    throw new Error('`--from`, `--count` and `--tabs` take whole numbers above 0.');
  }
  const unknown = having.find((name) => !(name in plain));
  if (unknown !== undefined) throw new Error(`No run can have ${unknown}.`);
  const scenario = {
    ...(isPlain && plain),
    ...(tabs !== undefined && { tabs }),
    ...Object.fromEntries(having.map((name) => [name, true])),
  };
  const accounts = await createAccounts();
  const failed: number[] = [];
  const startedMs = performance.now();
  let [edits, frames] = [0, 0];
  // cojson warns about every load that waits for a relay.
  console.warn = () => {};
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(seed, accounts, scenario);
    edits += outcome.edits;
    frames += outcome.frames;
    if (outcome.error) {
      failed.push(seed);
      console.log(describeFailure(outcome));
    }
    if ((seed - from) % 100 === 99) console.log(`${seed - from + 1} of ${count}, ${failed.length} failed`);
  }
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const seeds = failed.length > 0 ? `: ${failed.join(', ')}` : '';
  console.log(
    `${count} seeds from ${from}, ${edits} edits, ${frames} frames, ${seconds} s; ${failed.length} failed${seeds}`,
  );
  return failed.length;
}

export function describeFailure({ seed, error, trace }: Outcome): string {
  return [
    `seed ${seed}: ${error?.stack ?? ''}`,
    ...trace.slice(-printedLines).map((line) => `  ${line}`),
  ].join('\n');
}
