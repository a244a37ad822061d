import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kernelNameIn } from './kernel-name.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maia-name-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function install(name: string): void {
  const folder = join(root, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{}');
}

it('finds the name of the registry, under which an app may install the kernel', () => {
  install('@maiaos/kernel');
  expect(kernelNameIn(root)).toBe('@maiaos/kernel');
});

it('prefers the name of the package', () => {
  expect(kernelNameIn(root)).toBe('@MaiaOS/kernel');
  install('@maiaos/kernel');
  install('@MaiaOS/kernel');
  expect(kernelNameIn(root)).toBe('@MaiaOS/kernel');
});
