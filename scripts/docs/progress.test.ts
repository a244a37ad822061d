import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { codeBlocks, readText } from './markdown.ts';

interface Told {
  readonly download: { readonly received: number; readonly expected?: number; readonly caughtUp: boolean };
}

it('README.md’s progress bar shows what arrives, and goes when all is there', () => {
  const block = codeBlocks(readText('README.md'), 'ts').find(({ code }) => code.includes("'progress'"));
  if (!block) throw new Error('README.md has no progress bar.');
  const { outputText } = ts.transpileModule(block.code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const bar = { hidden: false, max: 1, value: 0 };
  const shown: unknown[] = [];
  let tell: (state: Told) => void = () => {
    throw new Error('Nobody listens.');
  };
  runInNewContext(outputText, {
    exports: {},
    require: () => ({ subscribeSyncState: (listener: typeof tell) => (tell = listener) }),
    document: { createElement: () => bar, body: { append: (element: unknown) => shown.push(element) } },
  });
  expect(shown).toEqual([bar]);

  tell({ download: { received: 0, expected: 0, caughtUp: false } });
  expect(bar.hidden).toBe(true);
  tell({ download: { received: 412, expected: 1_860, caughtUp: false } });
  expect(bar).toEqual({ hidden: false, max: 1_860, value: 412 });
  tell({ download: { received: 1_860, expected: 1_860, caughtUp: true } });
  expect(bar.hidden).toBe(true);
});
