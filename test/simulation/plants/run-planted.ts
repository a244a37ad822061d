import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import type * as Simulation from '../simulate.ts';
import type { Plant } from './plant.ts';

const root = join(import.meta.dirname, '../../..');

/** The simulation with this fault in the code that it runs. Rejects if the code to replace is not there exactly once. */
export async function simulationWith({
  changes,
}: Pick<Plant, 'changes'>): Promise<typeof Simulation.simulate> {
  const changed = new Map<string, string>();
  for (const { file, from, to } of changes) {
    const path = join(root, file);
    const source = changed.get(path) ?? readFileSync(path, 'utf8');
    if (source.split(from).length !== 2) throw new Error(`Not exactly once in ${file}: ${from}`);
    changed.set(
      path,
      source.replace(from, () => to),
    );
  }
  const { module } = await runnerImport<typeof Simulation>(join(import.meta.dirname, '../simulate.ts'), {
    root,
    plugins: [{ name: 'plant', enforce: 'pre', transform: (_, id) => changed.get(id) }],
  });
  return module.simulate;
}
