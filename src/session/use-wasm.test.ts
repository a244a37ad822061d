import { afterEach, expect, it } from 'vitest';
import { useWasm } from './use-wasm.ts';

const name = Symbol.for('@MaiaOS/kernel/wasm');
const slots = globalThis as { [name]?: object };
afterEach(() => {
  delete slots[name];
});

it.each([
  'cojson.wasm',
  new URL('https://app.example/cojson.wasm'),
  new ArrayBuffer(8),
  new Uint8Array(8),
] as const)('[ACC-70] keeps an address or bytes until the WASM is loaded: %o', (source) => {
  useWasm('an earlier one');
  useWasm(source);
  expect(slots[name]).toEqual({ source });
});

it('refuses anything else', () => {
  for (const source of [undefined, null, 7, {}] as unknown as string[]) {
    expect(() => useWasm(source)).toThrow('takes the address or the bytes');
  }
  expect(slots[name]).toBeUndefined();
});

it('refuses a source once the WASM was loaded', () => {
  slots[name] = { isTaken: true };
  expect(() => useWasm('cojson.wasm')).toThrow('already loaded its WASM');
});
