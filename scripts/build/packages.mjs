import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** The entries that an app may import, and the command. Each becomes a file with its name. */
export const browserEntries = {
  index: join(root, 'src/index.ts'),
  cojson: join(root, 'src/cojson.ts'),
  devtools: join(root, 'devtools/index.ts'),
  inspect: join(root, 'src/inspect/index.ts'),
  testing: join(root, 'src/testing/index.ts'),
};
/** A file of its own: a service worker need not be a module, and shares nothing with pages. */
export const workerEntries = { worker: join(root, 'src/worker/index.ts') };
export const nodeEntries = {
  vite: join(root, 'src/vite/index.ts'),
  relay: join(root, 'src/relay/index.ts'),
  'maia-relay': join(root, 'src/relay/cli/maia-relay.ts'),
};

/** Installed beside the package, or provided by the host. Everything else is bundled. */
export const external = [
  /^node:/,
  'ws',
  'jose',
  /^@electric-sql\/pglite(?:\/|$)/,
  'vite',
  'cojson-core-napi',
];

export const alias = {
  // cojson's own module embeds its WASM as text.
  'cojson-core-wasm': join(root, 'src/engine/fixes/wasm.ts'),
  // The file that Node would resolve. Only the relay uses it.
  '@sqlite.org/sqlite-wasm': join(root, 'node_modules/@sqlite.org/sqlite-wasm/node.mjs'),
};

/** Copied into dist/, because a chunk reads the file that it needs from its own folder. */
export const wasmFiles = [
  'cojson-core-wasm/public/cojson_core_wasm.wasm',
  '@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm',
].map((file) => join(root, 'node_modules', file));
