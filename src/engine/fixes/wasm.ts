/**
 * Replaces `cojson-core-wasm` in the package's build. The original embeds its bytes as base64 and fetches them from a
 * `data:` URL, which costs a third more bytes and is blocked by a strict Content-Security-Policy. Here the bytes are a
 * separate file next to this module, which bundlers copy because of `new URL(…, import.meta.url)`.
 */
import init, { initSync } from '../../../node_modules/cojson-core-wasm/public/cojson_core_wasm.js';

export * from '../../../node_modules/cojson-core-wasm/public/cojson_core_wasm.js';

const slotName = Symbol.for('@MaiaOS/kernel/wasm');

type WasmSource = string | URL | BufferSource | (() => Promise<BufferSource>);

/** `useWasm` and `@MaiaOS/kernel/inline-wasm` write it, which pages import long before this file. */
interface WasmSlot {
  readonly source?: WasmSource;
  isTaken?: true;
}

const slots = globalThis as { [slotName]?: WasmSlot };
let initialized: Promise<void> | undefined;
let isReady = false;

/** Loads only once, also for concurrent calls: a second instance would replace the memory of the first one's objects. */
export function initialize(): Promise<void> {
  initialized ??= load().catch((error: unknown) => {
    initialized = undefined;
    giveSourceBack();
    throw error;
  });
  return initialized;
}

/** Throws in a browser before `initialize()` has resolved, because a page cannot load bytes synchronously. */
export function initializeSync(): void {
  if (isReady) return;
  const source = takeSource();
  const bytes = source instanceof URL ? readFile(source) : source;
  if (!bytes || typeof bytes === 'string' || typeof bytes === 'function') {
    giveSourceBack();
    throw new Error('The kernel’s WASM has not been loaded. Await WasmCrypto.create() first.');
  }
  initSync({ module: bytes });
  isReady = true;
}

async function load(): Promise<void> {
  await init({ module_or_path: await read(takeSource()) });
  isReady = true;
}

/** What the app gave, or the package's own file. From now on, `useWasm` throws. */
function takeSource(): WasmSource {
  callWasmSafely();
  const slot = (slots[slotName] ??= {});
  slot.isTaken = true;
  return slot.source ?? new URL('./cojson_core_wasm.wasm', import.meta.url);
}

/** The app may give another one. */
function giveSourceBack(): void {
  const slot = slots[slotName];
  if (slot) delete slot.isTaken;
}

async function read(source: WasmSource): Promise<Response | BufferSource> {
  if (typeof source === 'function') return source();
  if (typeof source !== 'string' && !(source instanceof URL)) return source;
  // An address without a scheme is relative to the page.
  const url = typeof source === 'string' && URL.canParse(source) ? new URL(source) : source;
  return (url instanceof URL && readFile(url)) || download(url);
}

async function download(url: URL | string): Promise<Response> {
  const response = await fetch(url);
  if (response.ok) return response;
  throw new Error(
    `The kernel's WASM was not found at ${String(url)} (HTTP ${response.status}): serve the file next to the kernel's script, or give its address to useWasm.`,
  );
}

/** Reads the package's file in Node. `node:fs` is not imported, so that browser bundlers need not resolve it. */
function readFile(url: URL): Uint8Array<ArrayBuffer> | undefined {
  if (url.protocol !== 'file:' || !('process' in globalThis)) return undefined;
  return new Uint8Array(process.getBuiltinModule('node:fs').readFileSync(url));
}

/**
 * Node 20 inlines calls of WebAssembly into optimized code, and sometimes ends the process with "unreachable code" when it leaves
 * such code: 3 of 32 programs on Node 20.20.2 that each made 10,000 CoValues. Node 22, not tried, has the same optimization.
 */
function callWasmSafely(): void {
  // A page may have a `process` that a bundler made.
  const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> };
  if (Number.parseInt(process?.versions?.v8 ?? '') < 13)
    process?.getBuiltinModule?.('node:v8').setFlagsFromString('--no-turbo-inline-js-wasm-calls');
}
