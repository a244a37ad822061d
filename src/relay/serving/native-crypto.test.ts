import { readFileSync } from 'node:fs';
import type { CryptoProvider } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createRelayCrypto, nativeVersion } from './native-crypto.ts';

const installed = (version: string) => () => ({ version });

it('uses WASM unless the matching native version is installed', async () => {
  const missing = () => {
    throw new Error('Cannot find module');
  };
  const warn = vi.fn();
  for (const require of [missing, installed('0.19.0'), installed('')]) {
    const crypto = await createRelayCrypto({ ...silentLogger, warn }, require);
    expect(crypto.constructor.name).toBe('WasmCrypto');
  }
  expect(warn).not.toHaveBeenCalled();
});

it('warns and uses WASM if the native crypto cannot be loaded', async () => {
  // An empty package takes the place of the native crypto.
  const warn = vi.fn();
  const crypto = await createRelayCrypto({ ...silentLogger, warn }, installed(nativeVersion));
  expect(crypto.constructor.name).toBe('WasmCrypto');
  expect(warn).toHaveBeenCalledOnce();
});

describe('a native crypto that loads', () => {
  async function create(change: Partial<CryptoProvider>) {
    const native = Object.assign(await WasmCrypto.create(), change);
    const warn = vi.fn();
    const logger = { ...silentLogger, warn };
    const used = await createRelayCrypto(logger, installed(nativeVersion), () => Promise.resolve(native));
    return { isUsed: used === native, warnings: warn.mock.calls.length };
  }

  it('is used if it checks signatures', async () => {
    expect(await create({})).toEqual({ isUsed: true, warnings: 0 });
  });

  it.each<[string, Partial<CryptoProvider>]>([
    ['accepts wrong signatures', { verify: () => true }],
    ['refuses valid signatures', { verify: () => false }],
    [
      'fails when it is called',
      {
        verify() {
          throw new Error('Illegal instruction');
        },
      },
    ],
  ])('is not used if it %s', async (_, change) => {
    expect(await create(change)).toEqual({ isUsed: false, warnings: 1 });
  });
});

it('requires the version that cojson depends on', () => {
  const file = readFileSync(new URL('../../../node_modules/cojson/package.json', import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(file) as { readonly dependencies: Record<string, string> };
  expect(dependencies['cojson-core-napi']).toBe(nativeVersion);
});
