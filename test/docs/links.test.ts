import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf, documents, headings, linksIn, readText, root } from './markdown.ts';

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
