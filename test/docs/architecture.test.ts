import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText, root } from './markdown.ts';

const architecture = readText('ARCHITECTURE.md');

describe('ARCHITECTURE.md', () => {
  it('gives a reason for exactly the dependencies in package.json', () => {
    const manifest = JSON.parse(readText('package.json')) as Record<string, Record<string, string>>;
    const { dependencies, peerDependencies, devDependencies } = manifest;
    const [, reasons = ''] = architecture.split('\n## Dependencies\n');
    const items = [...reasons.matchAll(/^- (.+?) — /gm)].map(({ 1: names = '' }) => names);
    const named = items.flatMap((names) => [...names.matchAll(/`([^`]+)`/g)].map(({ 1: name }) => name));
    expect(named.sort()).toEqual(
      [...new Set(Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies }))].sort(),
    );
  });

  it('is at most 10 kB', () => {
    expect(Buffer.byteLength(architecture)).toBeLessThanOrEqual(10_000);
  });

  it('names only files that exist', () => {
    const pages = architecture + readText('docs/reference/package.md');
    const named = [...pages.matchAll(/`([\w./-]+\/[\w.-]+\.(?:ts|mjs|js))`/g)].map(
      ({ 1: path = '' }) => path,
    );
    expect(named.length).toBeGreaterThan(1);
    expect(
      named.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path))),
    ).toEqual([]);
  });
});
