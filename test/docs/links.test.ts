import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf, documents, headings, proseOf, readText, root } from './markdown.ts';

/** Links and pictures that lead to something in the repository. */
function linksIn(document: string): readonly string[] {
  const link = /(?:\]\(|src=")([^)"\s]+)/g;
  return [...proseOf(readText(document)).matchAll(link)]
    .map(({ 1: target = '' }) => target)
    .filter((target) => !/^https?:/.test(target));
}

function isThere(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || headings(readText(file)).map(anchorOf).includes(anchor);
}

describe.each(documents())('%s', (document) => {
  it('leads to nothing that is not there', () => {
    expect(linksIn(document).filter((target) => !isThere(document, target))).toEqual([]);
  });
});

it('finds the links', () => {
  expect(linksIn('README.md')).toEqual(
    expect.arrayContaining(['docs/images/demo.png', 'docs/images/phone.png']),
  );
  expect(linksIn('docs/errors.md').length).toBeGreaterThan(10);
});
