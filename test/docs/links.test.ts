import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf, documents, headings, proseOf, readText, root } from './markdown.ts';

/** The targets of links and pictures within the repository. */
function linksIn(document: string): readonly string[] {
  const link = /(?:\]\(|src=")([^)"\s]+)/g;
  return [...proseOf(readText(document)).matchAll(link)]
    .map(({ 1: target = '' }) => target)
    .filter((target) => !/^https?:/.test(target));
}

function exists(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || headings(readText(file)).map(anchorOf).includes(anchor);
}

describe.each(documents())('%s', (document) => {
  it('has no broken links', () => {
    expect(linksIn(document).filter((target) => !exists(document, target))).toEqual([]);
  });
});

it('finds links and pictures', () => {
  expect(linksIn('README.md')).toEqual(
    expect.arrayContaining(['docs/images/demo.png', 'docs/images/phone.png']),
  );
  expect(linksIn('docs/errors.md').length).toBeGreaterThan(10);
});
