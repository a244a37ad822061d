import { createAccounts } from './accounts.ts';
import { ordinary, simulate, type Outcome } from './simulate.ts';

/** How much of what happened is told of a run that failed. */
const lastLines = 25;

/** Runs so many seeds, and says what came of it. Answers how many failed. */
export async function fuzz(from: number, count: number, tabs = ordinary.tabs): Promise<number> {
  if (![from, count, tabs].every((given) => Number.isSafeInteger(given) && given > 0)) {
    throw new Error('`--from`, `--count` and `--tabs` take whole numbers above 0.');
  }
  const accounts = await createAccounts();
  const failed: number[] = [];
  const startedMs = performance.now();
  let [edits, frames] = [0, 0];
  // What cojson has to say of loads that wait for a relay is no news here.
  console.warn = () => {};
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(seed, accounts, { tabs });
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
