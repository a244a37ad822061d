import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const root = join(import.meta.dirname, '../..');
const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));
const { scripts, dependencies } = read('package.json') as Record<'scripts' | 'dependencies', object>;
const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(packages).filter(([folder]) => folder !== '');

test('installing the package runs no script, neither its own nor one of a dependency', () => {
  const atInstall = ['preinstall', 'install', 'postinstall', 'prepare'];
  expect(Object.keys(scripts).filter((name) => atInstall.includes(name))).toEqual([]);
  expect(locked.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
});

test('every locked package comes from the npm registry, and its content is fixed by a hash', () => {
  const others = locked.filter(
    ([, { resolved, integrity }]) =>
      resolved?.startsWith('https://registry.npmjs.org/') === false ||
      integrity?.startsWith('sha512-') !== true,
  );
  expect(locked.length).toBeGreaterThan(100);
  expect(others).toEqual([]);
});

test('each dependency has one exact version', () => {
  for (const version of Object.values(dependencies)) expect.soft(version).toMatch(/^\d+\.\d+\.\d+$/);
});
