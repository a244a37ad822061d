import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** The entries that an app may import, and the commands. Each becomes a file with its name. */
export const browserEntries = {
  index: join(root, 'src/index.ts'),
  cojson: join(root, 'src/cojson.ts'),
  devtools: join(root, 'devtools/index.ts'),
  inspect: join(root, 'src/inspect/index.ts'),
  testing: join(root, 'src/testing/index.ts'),
  react: join(root, 'src/react/index.ts'),
  vue: join(root, 'src/vue/index.ts'),
  jazz: join(root, 'src/jazz/index.ts'),
};
/** A file of its own: a service worker need not be a module, and shares nothing with pages. */
export const workerEntries = { worker: join(root, 'src/worker/index.ts') };
export const nodeEntries = {
  vite: join(root, 'src/vite/index.ts'),
  relay: join(root, 'src/relay/index.ts'),
  'testing-node': join(root, 'src/testing/node.ts'),
  'maia-relay': join(root, 'src/relay/cli/maia-relay.ts'),
  'kernel-command': join(root, 'src/init/kernel-command.ts'),
};

/** Installed beside the package, or provided by the host. Everything else is bundled. The last two make `ws` faster. */
export const external = [
  /^node:/,
  /^@electric-sql\/pglite(?:\/|$)/,
  'vite',
  'react',
  'vue',
  /^jazz-tools(?:\/|$)/,
  'cojson-core-napi',
  'bufferutil',
  'utf-8-validate',
];

export const alias = {
  // cojson's own module embeds its WASM as text.
  'cojson-core-wasm': join(root, 'src/engine/fixes/wasm.ts'),
  // The files that Node would resolve. Only the relay uses them.
  '@sqlite.org/sqlite-wasm': join(root, 'node_modules/@sqlite.org/sqlite-wasm/node.mjs'),
  ws: join(root, 'node_modules/ws/wrapper.mjs'),
};

/** Copied into dist/, because a chunk reads it from its own folder. */
export const cojsonWasm = join(root, 'node_modules/cojson-core-wasm/public/cojson_core_wasm.wasm');
