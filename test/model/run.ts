// What a whole run leaves unexplored, by default (10,000 states, 300 seeds, about a minute of processor time):
//
// - In one scenario in three, states beyond the first 10,000, after 11 to 41 steps; its line ends in `cut`. The scenarios
//   with all rules showed no trace in 20,000 states, either. `--states` goes further.
// - Rest, from most states after the first 2,000 of a scenario whose `restEvery` is above 1, and from all states of one
//   without it.
// - Several failures at once, beyond the budget of each scenario. Only the walks combine them: 60 random steps each.
// - More than two tabs, two relays, two CoValues, and three edits of one session.
// - Relays that confirm before they forward: `compareFirst` has a trace where the relay confirms a session's content, but
//   does not first forward what another client sent under the same session.

import { createModel, explore, shrink, walk, type Finding } from './explore.ts';
import { allRules, superfluous, type Fault } from './rules.ts';
import { faults, scenarios, walks } from './scenarios.ts';

export interface RunOptions {
  /** One of the parts, or everything. */
  readonly part?: string | undefined;
  /** Rules, faults, scenarios or walks; default all. */
  readonly names: readonly string[];
  readonly maxStates: number;
  readonly seeds: number;
}

/** Prints what it finds. Returns how many results were not the expected ones. */
export function runModel({ part, names, maxStates, seeds }: RunOptions): number {
  const isPart = (name: 'rules' | 'faults' | 'whole' | 'walks') => part === undefined || part === name;
  const isChosen = (name: string) => names.length === 0 || names.includes(name);
  let unexpected = 0;
  let total = 0;
  const report = (title: string, isExpected: boolean, reach: string, finding?: Finding) => {
    if (!isExpected) unexpected++;
    console.log(`${isExpected ? ' ' : '!'} ${title}: ${finding ? describe(finding) : 'no trace'} (${reach})`);
  };
  const search = (title: string, model: ReturnType<typeof createModel>, isFound: boolean) => {
    const { finding, states, depth, isCut } = explore(model, { maxStates });
    total += states;
    const extent = finding ? '' : isCut ? ', cut' : ', all';
    const reach = `${states} states, depth ${depth}${extent}`;
    report(title, (finding !== undefined) === isFound, reach, finding);
  };

  if (isPart('rules'))
    for (const rule of allRules.filter(isChosen))
      search(`without ${rule}`, createModel(scenarios[rule], rule), !(rule in superfluous));
  if (isPart('faults'))
    for (const [fault, scenario] of Object.entries(faults))
      if (isChosen(fault)) search(`with ${fault}`, createModel(scenario, undefined, fault as Fault), true);
  if (isPart('whole'))
    for (const [name, scenario] of Object.entries({ ...scenarios, ...faults }))
      if (isChosen(name)) search(`all rules, ${name}`, createModel(scenario, undefined), false);
  if (isPart('walks'))
    for (const [name, scenario] of Object.entries(walks)) {
      if (!isChosen(name)) continue;
      const model = createModel(scenario, undefined);
      const found = new Map<string, { finding: Finding; seed: number }>();
      for (let seed = 1; seed <= seeds; seed++) {
        const finding = walk(model, seed, 60);
        const kind = finding?.violation.replaceAll(/“[^”]*”|\d/g, '·') ?? '';
        if (finding && !found.has(kind)) found.set(kind, { finding, seed });
      }
      for (const { finding, seed } of found.values())
        report(`walks of ${name}, seed ${seed}`, false, `${seeds} seeds`, shrink(model, finding));
      if (found.size === 0) report(`walks of ${name}`, true, `${seeds} seeds`);
    }
  console.log(`${total} states; ${unexpected} unexpected`);
  return unexpected;
}

export function describe({ violation, trace }: Finding): string {
  return [violation, ...trace.map((name, at) => `    ${at + 1}. ${name}`), '   '].join('\n');
}
