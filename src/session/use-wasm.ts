/** Where src/engine/fixes/wasm.ts, a part that pages fetch later, finds what to load. */
interface WasmSlot {
  source?: string | URL | BufferSource;
  /** The WASM is being loaded, or was. */
  isTaken?: true;
}

const name = Symbol.for('@MaiaOS/kernel/wasm');

/**
 * Gives the kernel its WASM: the address, or the bytes, of `@MaiaOS/kernel/cojson.wasm`. Needed only with bundlers that do
 * not follow `new URL(…, import.meta.url)`. Call it before you open an account: throws a TypeError once the WASM was loaded,
 * or if `source` is neither.
 */
export function useWasm(source: string | URL | BufferSource): void {
  const isSource =
    typeof source === 'string' ||
    source instanceof URL ||
    source instanceof ArrayBuffer ||
    ArrayBuffer.isView(source);
  if (!isSource) throw new TypeError('useWasm takes the address or the bytes of @MaiaOS/kernel/cojson.wasm.');
  const slots = globalThis as { [name]?: WasmSlot };
  if (slots[name]?.isTaken)
    throw new TypeError('The kernel has already loaded its WASM. Call useWasm before you open an account.');
  slots[name] = { source };
}
