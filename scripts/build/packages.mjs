import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** What an app may import, and the command. Each becomes a file of its name. */
export const browserEntries = {
  index: join(root, 'src/index.ts'),
  cojson: join(root, 'src/cojson.ts'),
  devtools: join(root, 'devtools/index.ts'),
  inspect: join(root, 'src/inspect/index.ts'),
  testing: join(root, 'src/testing/index.ts'),
};
export const nodeEntries = {
  vite: join(root, 'src/vite/index.ts'),
  relay: join(root, 'src/relay/index.ts'),
  'maia-relay': join(root, 'src/relay/maia-relay.ts'),
};

/** Installed beside the package or given by the host. Everything else is inside. */
export const external = [/^node:/, 'ws', /^@electric-sql\/pglite(?:\/|$)/, 'vite', 'cojson-core-napi'];

export const alias = {
  // See the file: cojson's own one holds its WASM as text.
  'cojson-core-wasm': join(root, 'src/platform/cojson-wasm.ts'),
  // What Node would choose; only the relay has it.
  '@sqlite.org/sqlite-wasm': join(root, 'node_modules/@sqlite.org/sqlite-wasm/node.mjs'),
};

/** Each is read from beside the chunk that needs it. */
export const wasmFiles = [
  'cojson-core-wasm/public/cojson_core_wasm.wasm',
  '@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm',
].map((file) => join(root, 'node_modules', file));
