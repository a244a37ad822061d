import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { bundleScript } from '../support/relay/relay-process.ts';

/** The script of the thread with stock clients, which has nothing of the kernel that could change cojson. */
export async function bundleStockClients(): Promise<string> {
  const script = await bundleScript('test/interop/stock-clients.ts');
  const text = await readFile(script, 'utf8');
  const modules = [...text.matchAll(/^\/\/ ((?:src|test)\/\S+)$/gm)].map(([, path = '']) => path);
  expect(modules).toContain('test/interop/stock-clients.ts');
  expect(modules.filter((path) => path.startsWith('src/'))).toEqual(['src/base/seeded-random.ts']);
  return script;
}
