import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aliasCojson, explainJazzTools, installedJazzTools, jazzToolsVersion } from './jazz-tools.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maia-jazz-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function install(version: string): void {
  const folder = join(root, 'node_modules/jazz-tools');
  mkdirSync(join(folder, 'dist'), { recursive: true });
  const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version, type: 'module', exports }));
  writeFileSync(join(folder, 'dist/index.js'), '');
}

it('accepts the version of the kernel’s cojson', () => {
  install(jazzToolsVersion);
  expect(explainJazzTools(installedJazzTools(root))).toBeUndefined();
});

it('names the remedy for another version, and for none', () => {
  const remedy = `Run \`npm install jazz-tools@${jazzToolsVersion}\`.`;
  const needed = `@MaiaOS/kernel/jazz needs jazz-tools ${jazzToolsVersion}, but`;
  expect(explainJazzTools(installedJazzTools(root))).toBe(`${needed} it is not installed. ${remedy}`);
  install('0.20.18');
  expect(explainJazzTools(installedJazzTools(root))).toBe(`${needed} 0.20.18 is installed. ${remedy}`);
});

it('points what browsers load of cojson to the kernel’s', () => {
  const [{ find, replacement } = { find: /$^/, replacement: '' }] = aliasCojson('@maiaos/kernel');
  expect(replacement).toBe('@maiaos/kernel/cojson');
  expect(['cojson', 'cojson/crypto/WasmCrypto'].every((id) => find.test(id))).toBe(true);
  const others = ['cojson-transport-ws', 'cojson/crypto/NapiCrypto', '@MaiaOS/kernel/cojson'];
  expect(others.some((id) => find.test(id))).toBe(false);
});
