import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

/**
 * Import cycles, type-only imports included, as the paths of each cycle's files.
 * @param {readonly string[]} folders @returns {Promise<readonly string[]>}
 */
export async function findCycles(folders) {
  const { output } = await cruise(
    [...folders],
    {
      doNotFollow: { path: 'node_modules' },
      tsPreCompilationDeps: true,
      tsConfig: { fileName: 'tsconfig.json' },
      detectJSDocImports: false,
      enhancedResolveOptions: { extensions: ['.ts', '.svelte', '.mjs', '.js', '.json', '.css'] },
      ruleSet: { forbidden: [{ name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } }] },
      validate: true,
    },
    undefined,
    { tsConfig: extractTSConfig('tsconfig.json') },
  );
  if (typeof output === 'string') throw new Error(output);
  return output.summary.violations.map(({ from, cycle = [] }) =>
    [from, ...cycle.map(({ name }) => name)].join(' → '),
  );
}
