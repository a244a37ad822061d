import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { codeBlocks, documents, readText } from './markdown.ts';

/**
 * Runs the example in the documents that contains `mark`. It sees `globals`, and `imported` replaces the module that it
 * imports. Returns its exports.
 */
export function runExample(
  mark: string,
  globals: object,
  imported: object,
): Readonly<Record<string, unknown>> {
  const block = documents()
    .flatMap((document) => codeBlocks(readText(document), 'ts'))
    .find(({ code }) => code.includes(mark));
  if (!block) throw new Error(`No document has an example with ${mark}.`);
  const { outputText } = ts.transpileModule(block.code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports = {};
  runInNewContext(outputText, { exports, require: () => imported, ...globals });
  return exports;
}

/** A `document` whose `createElement` returns `element`; `shown` lists the elements appended to its body. */
export function fakeDocument<E extends object>(
  element: E,
): { readonly document: object; readonly shown: E[] } {
  const shown: E[] = [];
  return {
    shown,
    document: { createElement: () => element, body: { append: (added: E) => shown.push(added) } },
  };
}
