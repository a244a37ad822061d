import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { browserEntries, external, nodeEntries, root } from './packages.mjs';

/** Types that stand alone: those of cojson are inside. @param {string} folder */
export async function buildTypes(folder) {
  const { relay, vite } = nodeEntries;
  const bundle = await rolldown({
    input: { ...browserEntries, relay, vite },
    external,
    platform: 'neutral',
    checks: { pluginTimings: false },
    resolve: { mainFields: ['module', 'main'] },
    plugins: [
      repairTypes(),
      dts({ emitDtsOnly: true, tsconfig: join(root, 'tsconfig.json'), resolver: 'tsc' }),
    ],
  });
  await bundle.write({
    dir: folder,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // All in one file, but for the plugin's: an app without Vite must not meet Vite's types.
    codeSplitting: { groups: [{ name: 'types.d', test: (id) => !/[\\/]src[\\/]vite[\\/]/.test(id) }] },
  });
  await bundle.close();
}

/**
 * What does not hold in an app's strict check: cojson names Node's `util` for what is a global everywhere, and
 * cojson-core-wasm says `async` in a declaration, which TypeScript only overlooks in a library it does not check.
 * @returns {import('rolldown').Plugin}
 */
function repairTypes() {
  return {
    name: 'repair-types',
    transform: {
      order: 'pre',
      filter: { code: /import\("util"\)|async function/ },
      handler: (code, id) =>
        id.endsWith('.d.ts')
          ? code
              .replaceAll(/import\("util"\)\.(TextEncoder|TextDecoder)/g, '$1')
              .replaceAll('export async function', 'export function')
          : undefined,
    },
  };
}
