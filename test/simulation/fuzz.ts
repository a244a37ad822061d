import { createAccounts } from './accounts.ts';
import { mostTabs, plain, simulate, type Outcome } from './simulate.ts';

/** How much of what happened is told of a run that failed. */
const lastLines = 25;

export interface FuzzOptions {
  readonly from: number;
  readonly count: number;
  /** One tab on a device, no bad connections and no deletions. */
  readonly isPlain: boolean;
  /** Each device has so many tabs at most. Default: as each run chooses. */
  readonly tabs?: number;
}

/** Runs so many seeds, and says what came of it. Answers how many failed. */
export async function fuzz({ from, count, isPlain, tabs }: FuzzOptions): Promise<number> {
  if (![from, count, tabs ?? mostTabs].every((given) => Number.isSafeInteger(given) && given > 0)) {
    throw new Error('`--from`, `--count` and `--tabs` take whole numbers above 0.');
  }
  const scenario = { ...(isPlain && plain), ...(tabs !== undefined && { tabs }) };
  const accounts = await createAccounts();
  const failed: number[] = [];
  const startedMs = performance.now();
  let [edits, frames] = [0, 0];
  // What cojson has to say of loads that wait for a relay is no news here.
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
  return [`seed ${seed}: ${error?.stack ?? ''}`, ...trace.slice(-lastLines).map((line) => `  ${line}`)].join(
    '\n',
  );
}
