import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jazzToolsVersion } from '../../src/vite/jazz-tools.ts';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const root = join(import.meta.dirname, '../..');
const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));
const manifest = read('package.json') as Readonly<Record<string, Readonly<Record<string, string>>>>;
const { scripts = {}, devDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
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

test('an app gets no other package with this one, and each bundled package has one exact version', () => {
  expect(Object.keys(manifest)).not.toContain('dependencies');
  expect(Object.keys(manifest)).not.toContain('optionalDependencies');
  expect(Object.keys(peerDependenciesMeta)).toEqual(Object.keys(peerDependencies));
  for (const meta of Object.values(peerDependenciesMeta)) expect.soft(meta).toEqual({ optional: true });
  for (const version of Object.values(devDependencies))
    expect.soft(version).toMatch(/^\d+\.\d+\.\d+(?:-\w+)?$/);
});

test('jazz-tools has the version of the bundled cojson', () => {
  const { cojson } = devDependencies;
  expect([peerDependencies['jazz-tools'], devDependencies['jazz-tools'], jazzToolsVersion]).toEqual([
    cojson,
    cojson,
    cojson,
  ]);
});
