import type { Goal, Line } from './line.ts';
import type { Results } from './results.ts';

const start = '<!-- results: written by npm run bench -->';
const end = '<!-- end of results -->';

/** Returns the page with a new table between its markers. Throws if it has no markers. */
export function replaceTable(page: string, results: Results): string {
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`bench/README.md needs the lines ${start} and ${end}.`);
  return `${page.slice(0, from + start.length)}\n\n${describeResults(results)}\n\n${page.slice(to)}`;
}

function describeResults({ date, commit, machine, lines }: Results): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const suites = [...new Set(lines.map(({ suite }) => suite))];
  return [
    `Last run: ${date}, commit \`${commit}\`, on ${machine.cpu} with ${machine.cores} cores and ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}. ${versions.join(', ')}.`,
    ...suites.map((suite) =>
      describeSuite(
        suite,
        lines.filter((line) => line.suite === suite),
      ),
    ),
  ].join('\n\n');
}

/** One row per measurement, one column per peer. */
function describeSuite(suite: string, lines: readonly Line[]): string {
  const peers = [...new Set(lines.map(({ peerName }) => peerName))];
  const names = [...new Set(lines.map(({ name }) => name))];
  const namesByReading = new Map<string, Set<string>>();
  for (const { name, reading } of lines) {
    namesByReading.set(reading, (namesByReading.get(reading) ?? new Set()).add(name));
  }
  const rows = names.map((name) => {
    const ofName = lines.filter((line) => line.name === name);
    const [{ ours, oursSpread, unit } = { ours: 0, oursSpread: [0, 0] as const, unit: '' }] = ofName;
    return [
      name,
      unit,
      withSpread(ours, oursSpread),
      ...peers.map((peer) => describePeer(ofName.find(({ peerName }) => peerName === peer))),
      [...new Set(ofName.map(describeGoal))].filter((goal) => goal !== '').join('; '),
    ];
  });
  return [
    `### ${suite}`,
    'Each figure is a median, followed by the lowest and the highest round. In a peer’s column the ratio follows: above 1, ours is better.',
    tableOf([['what', 'unit', 'ours', ...peers, 'goal'], ...rows]),
    [...namesByReading].map(([reading, of]) => `- **${[...of].join(' · ')}**: ${reading}`).join('\n'),
  ].join('\n\n');
}

function describePeer(line: Line | undefined): string {
  return line ? `${withSpread(line.peer, line.peerSpread)}; ×${line.ratio}` : '';
}

function withSpread(value: number, [lowest, highest]: Line['oursSpread']): string {
  return `${value} (${lowest} – ${highest})`;
}

function describeGoal({ goal, isMet, peerName }: Line): string {
  if (!goal) return '';
  return `${describeLimit(goal, peerName)}, ${isMet ? 'met' : '**missed**'}`;
}

function describeLimit(goal: Goal, peerName: string): string {
  if ('ratioAtLeast' in goal) return `ratio ≥ ${goal.ratioAtLeast} to ${peerName}`;
  if ('withinNoise' in goal) return `within the middle half of the rounds of ${peerName}`;
  return 'oursAtMost' in goal
    ? `ours ≤ ${goal.oursAtMost}`
    : `at most ${goal.aboveByAtMost} above ${peerName}`;
}

function tableOf([head = [], ...rows]: readonly (readonly string[])[]): string {
  const lineOf = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [lineOf(head), lineOf(head.map(() => '---')), ...rows.map(lineOf)].join('\n');
}
