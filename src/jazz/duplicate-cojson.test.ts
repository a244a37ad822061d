import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type * as Cojson from 'cojson';
import type * as CojsonCrypto from 'cojson/crypto/WasmCrypto';
import { Account } from 'jazz-tools';
import { afterEach, expect, it } from 'vitest';
import type { Session } from '../session/session.ts';
import { createJazzManager } from './index.ts';

const installed = join(import.meta.dirname, '../../node_modules');
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What a session has whose app bundled cojson a second time. */
async function openOnOtherCojson(): Promise<Session> {
  // Below node_modules, to resolve the packages that it imports.
  const folder = mkdtempSync(join(installed, '.cojson-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  cpSync(join(installed, 'cojson'), folder, { recursive: true });
  const load = (file: string): Promise<unknown> => import(/* @vite-ignore */ join(folder, 'dist', file));
  const { LocalNode } = (await load('index.js')) as typeof Cojson;
  const { WasmCrypto } = (await load('crypto/WasmCrypto.js')) as typeof CojsonCrypto;
  const { node, accountID } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Ana' },
    crypto: await WasmCrypto.create(),
  });
  return { node, account: node.expectCurrentAccount('test'), accountID } as unknown as Session;
}

it('[JAZZ-7] a second cojson in the app is reported at the first call, with the remedy', async () => {
  const session = await openOnOtherCojson();
  expect(() => createJazzManager(session)).toThrow(
    expect.objectContaining({
      code: 'COJSON_DUPLICATED',
      message: expect.stringContaining('Point `cojson` to `@MaiaOS/kernel/cojson`') as string,
    }),
  );
  expect(() => Account.getMe()).toThrow('No active account');
});
