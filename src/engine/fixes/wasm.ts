/**
 * Replaces `cojson-core-wasm` in the package's build. The original embeds its bytes as base64 and fetches them from a
 * `data:` URL, which costs a third more bytes and is blocked by a strict Content-Security-Policy. Here the bytes are a
 * separate file next to this module, which bundlers copy because of `new URL(…, import.meta.url)`.
 */
import init, { initSync } from '../../../node_modules/cojson-core-wasm/public/cojson_core_wasm.js';

export * from '../../../node_modules/cojson-core-wasm/public/cojson_core_wasm.js';

let initialized: Promise<void> | undefined;
let isReady = false;

/** Loads only once, also for concurrent calls: a second instance would replace the memory of the first one's objects. */
export function initialize(): Promise<void> {
  initialized ??= load().catch((error: unknown) => {
    initialized = undefined;
    throw error;
  });
  return initialized;
}

/** Throws in a browser before `initialize()` has resolved, because a page cannot load bytes synchronously. */
export function initializeSync(): void {
  if (isReady) return;
  const bytes = readFile(wasmUrl());
  if (!bytes) throw new Error('The kernel’s WASM has not been loaded. Await WasmCrypto.create() first.');
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
    `The kernel's WASM was not found at ${url.href} (HTTP ${response.status}): serve the file next to the kernel's script.`,
  );
}

/** Reads the package's file in Node. `node:fs` is not imported, so that browser bundlers need not resolve it. */
function readFile(url: URL): Uint8Array<ArrayBuffer> | undefined {
  if (url.protocol !== 'file:' || !('process' in globalThis)) return undefined;
  return new Uint8Array(process.getBuiltinModule('node:fs').readFileSync(url));
}
