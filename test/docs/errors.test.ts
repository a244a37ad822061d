import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createKernelError, type KernelErrorCode } from '../../src/base/kernel-error.ts';
import { anchorOf, headings, readText } from './markdown.ts';
import { parse, sourceFiles, walk } from './source.ts';

const declaration = 'src/base/kernel-error.ts';

/** Every code of the union, including codes that the source does not produce yet. */
function declaredCodes(): readonly KernelErrorCode[] {
  for (const node of walk(parse(declaration))) {
    if (ts.isTypeAliasDeclaration(node) && node.name.text === 'KernelErrorCode') {
      return [...walk(node)].filter(ts.isStringLiteral).map(({ text }) => text as KernelErrorCode);
    }
  }
  return [];
}

/** The codes that appear as values in the source, other than in comparisons. */
function producedCodes(): readonly KernelErrorCode[] {
  const literals = sourceFiles()
    .filter((path) => path !== declaration)
    .flatMap((path) => [...walk(parse(path))].filter(ts.isStringLiteral))
    .filter((literal) => !isCompared(literal))
    .map(({ text }) => text);
  return declaredCodes().filter((code) => literals.includes(code));
}

function isCompared({ parent }: ts.StringLiteral): boolean {
  if (ts.isCaseClause(parent) || ts.isBinaryExpression(parent) || ts.isLiteralTypeNode(parent)) return true;
  return ts.isCallExpression(parent) && parent.expression.getText() === 'isKernelError';
}

describe('docs/errors.md', () => {
  const explained = headings(readText('docs/errors.md'), /##/);
  const produced = producedCodes();

  it('explains exactly the codes that the source can produce', () => {
    expect([...explained].sort()).toEqual([...produced].sort());
  });

  it('is the target of every docsUrl', () => {
    for (const code of produced) {
      const { docsUrl } = createKernelError(code, '');
      expect(docsUrl).toMatch(/\/docs\/errors\.md#\w+$/);
      expect(explained.map(anchorOf)).toContain(docsUrl.split('#')[1]);
    }
  });
});
