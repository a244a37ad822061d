import { pathToFileURL } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { cojsonWasm } from '../../../scripts/build/packages.mjs';

// Apps get this file in place of `cojson-core-wasm`; the tests’ other files get that package itself.
const slotName = Symbol.for('@MaiaOS/kernel/wasm');
const slots = globalThis as { [slotName]?: { readonly source: URL } };

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  delete slots[slotName];
});

it.each([
  ['11.3.244.8-node.38', 1],
  ['12.4.254.21-node.33', 1],
  ['13.6.233.10-node.28', 0],
])(
  'keeps a Node with V8 %s from inlining calls of the WASM, which can end the process',
  async (v8, calls) => {
    vi.stubGlobal('process', { ...process, versions: { ...process.versions, v8 } });
    const setFlags = vi.spyOn(process.getBuiltinModule('node:v8'), 'setFlagsFromString');
    slots[slotName] = { source: pathToFileURL(cojsonWasm) };
    vi.resetModules();
    const { initialize, blake3HashOnce } = await import('./wasm.ts');
    await initialize();
    expect(setFlags).toHaveBeenCalledTimes(calls);
    expect(blake3HashOnce(new Uint8Array(3))).toHaveLength(32);
  },
);
