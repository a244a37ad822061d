import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { cojsonWasm } from '../../../scripts/build/packages.mjs';

// Apps get this file in place of `cojson-core-wasm`; the tests’ other files get that package itself.
const slotName = Symbol.for('@MaiaOS/kernel/wasm');
const slots = globalThis as { [slotName]?: { readonly source: URL | BufferSource } };

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  delete slots[slotName];
});

const address = pathToFileURL(cojsonWasm);
const bytes = readFileSync(cojsonWasm);

it.each([
  ['11.3.244.8-node.38', address, 1],
  ['12.4.254.21-node.33', address, 1],
  ['11.3.244.8-node.38', bytes, 1],
  ['13.6.233.10-node.28', address, 0],
  [undefined, bytes, 0],
] as const)(
  'keeps a Node with V8 %s from inlining calls of the WASM, which can end the process',
  async (v8, source, calls) => {
    vi.stubGlobal('process', { ...process, versions: v8 && { ...process.versions, v8 } });
    const setFlags = vi.spyOn(process.getBuiltinModule('node:v8'), 'setFlagsFromString');
    slots[slotName] = { source };
    vi.resetModules();
    const { initialize, blake3HashOnce } = await import('./wasm.ts');
    await initialize();
    expect(setFlags).toHaveBeenCalledTimes(calls);
    expect(blake3HashOnce(new Uint8Array(3))).toHaveLength(32);
  },
);
