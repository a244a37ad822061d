/**
 * Stands in the package's build for `cojson-core-wasm`, which carries its bytes as base64 and fetches them as a `data:`
 * URL: that costs a third more bytes and is refused by a strict Content-Security-Policy. Here they are a file of their
 * own beside this module, which every bundler that knows `new URL(…, import.meta.url)` carries along.
 */
import init, { initSync } from '../../node_modules/cojson-core-wasm/public/cojson_core_wasm.js';

export * from '../../node_modules/cojson-core-wasm/public/cojson_core_wasm.js';

let initialized: Promise<void> | undefined;
let isReady = false;

/** Once, also for callers at the same time: a second instance would take the memory from under the first one's objects. */
export function initialize(): Promise<void> {
  initialized ??= load().catch((error: unknown) => {
    initialized = undefined;
    throw error;
  });
  return initialized;
}

/** Only in Node, or after `initialize()`: a page cannot stand still until the bytes have come. */
export function initializeSync(): void {
  if (isReady) return;
  const bytes = readFile(wasmUrl());
  if (!bytes) throw new Error('The kernel’s WASM is not there yet: await WasmCrypto.create() first.');
  initSync({ module: bytes });
  isReady = true;
}

async function load(): Promise<void> {
  const url = wasmUrl();
  await init({ module_or_path: readFile(url) ?? (await download(url)) });
  isReady = true;
}

function wasmUrl(): URL {
  return new URL('./cojson_core_wasm.wasm', import.meta.url);
}

async function download(url: URL): Promise<Response> {
  const response = await fetch(url);
  if (response.ok) return response;
  throw new Error(
    `The kernel's WASM was not found at ${url.href} (HTTP ${response.status}): serve the file that stands beside the kernel's script.`,
  );
}

/** In Node, from the package's folder. Not imported, so that a browser's bundler has nothing to resolve. */
function readFile(url: URL): Uint8Array<ArrayBuffer> | undefined {
  if (url.protocol !== 'file:' || !('process' in globalThis)) return undefined;
  return new Uint8Array(process.getBuiltinModule('node:fs').readFileSync(url));
}
