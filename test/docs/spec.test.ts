import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { proseOf, readText, root } from './markdown.ts';

const id = String.raw`[A-Z]+-\d+`;
const specified = [
  ...proseOf(readText('docs/spec.md')).matchAll(new RegExp(`^- \`\\[(${id})\\]\` .`, 'gm')),
].map(({ 1: found = '' }) => found);
const cited = cases().flatMap((title) =>
  [...title.matchAll(new RegExp(String.raw`\[(${id})\]`, 'g'))].map(({ 1: found = '' }) => found),
);

/** The test titles in files that cite an ID, as written in the source; of a template, the text before its first `${`. */
function cases(): readonly string[] {
  const files = ['src', 'devtools', 'demo', 'e2e', 'test', 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
      .map((path) => join(folder, path)),
  );
  return files.flatMap((path) => {
    const text = readText(path);
    // Parsing every file would take ten times as long.
    if (!new RegExp(String.raw`['"\`]\[${id}\]`).test(text)) return [];
    const titles: string[] = [];
    visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
    return titles;

    function visit(node: ts.Node): void {
      if (ts.isCallExpression(node) && isTest(node.expression)) {
        const [title] = node.arguments;
        if (title && ts.isStringLiteralLike(title)) titles.push(title.text);
        else if (title && ts.isTemplateExpression(title)) titles.push(title.head.text);
      }
      ts.forEachChild(node, visit);
    }
  });
}

/** `it(…)`, `test(…)`, `it.each(…)(…)`, `describe(…)` and the like. */
function isTest(called: ts.Expression): boolean {
  if (ts.isIdentifier(called)) return ['it', 'test', 'describe'].includes(called.text);
  if (ts.isPropertyAccessExpression(called) || ts.isCallExpression(called)) return isTest(called.expression);
  return ts.isTaggedTemplateExpression(called) && isTest(called.tag);
}

it('docs/spec.md has at least 60 behaviours, each with its own ID', () => {
  expect(specified.length).toBeGreaterThanOrEqual(60);
  expect(specified.filter((found, index) => specified.indexOf(found) !== index)).toEqual([]);
});

it('every behaviour in docs/spec.md is cited by a test title', () => {
  expect(specified.filter((found) => !cited.includes(found))).toEqual([]);
});

it('every ID cited by a test title is in docs/spec.md', () => {
  expect([...new Set(cited)].filter((found) => !specified.includes(found))).toEqual([]);
});
