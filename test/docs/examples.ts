import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { codeBlocks, readText } from './markdown.ts';

/** Runs the README's example that holds `mark`, with these globals and this for what it imports. Returns what it exports. */
export function runExample(
  mark: string,
  globals: object,
  imported: object,
): Readonly<Record<string, unknown>> {
  const block = codeBlocks(readText('README.md'), 'ts').find(({ code }) => code.includes(mark));
  if (!block) throw new Error(`README.md has no example with ${mark}.`);
  const { outputText } = ts.transpileModule(block.code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports = {};
  runInNewContext(outputText, { exports, require: () => imported, ...globals });
  return exports;
}

/** A page's `document` that makes elements of these properties, and shows them. */
export function fakeDocument<E extends object>(
  element: E,
): { readonly document: object; readonly shown: E[] } {
  const shown: E[] = [];
  return {
    shown,
    document: { createElement: () => element, body: { append: (each: E) => shown.push(each) } },
  };
}
