import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { browserEntries, external, nodeEntries, root, workerEntries } from './packages.mjs';

/** Builds self-contained types, which include cojson's. @param {string} folder */
export async function buildTypes(folder) {
  const { 'maia-relay': _relay, 'kernel-command': _kernel, ...libraries } = nodeEntries;
  const bundle = await rolldown({
    input: { ...browserEntries, ...workerEntries, ...libraries },
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
    // Everything in one file, except types that mention those of Vite, Vue or jazz-tools, which an app need not have.
    codeSplitting: {
      groups: [{ name: 'types.d', test: (id) => !/[\\/]src[\\/](?:vite|vue|jazz)[\\/]/.test(id) }],
    },
  });
  await bundle.close();
}

/**
 * Repairs declarations that fail an app's strict check: cojson imports globals from Node's `util`, and cojson-core-wasm
 * declares functions as `async`, which TypeScript overlooks only in libraries that it does not check.
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
