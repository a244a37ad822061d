import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createKernelError, type KernelErrorCode } from '../../src/base/kernel-error.ts';
import { anchorOf, headings, readText } from './markdown.ts';
import { parse, sourceFiles, walk } from './source.ts';

const declaration = 'src/platform/kernel-error.ts';

/** All codes of the union, also those that nothing produces yet. */
function declaredCodes(): readonly KernelErrorCode[] {
  for (const node of walk(parse(declaration))) {
    if (ts.isTypeAliasDeclaration(node) && node.name.text === 'KernelErrorCode') {
      return [...walk(node)].filter(ts.isStringLiteral).map(({ text }) => text as KernelErrorCode);
    }
  }
  return [];
}

/** A code that stands as a value in the source is one that it can produce, unless it is only looked for there. */
function producedCodes(): readonly KernelErrorCode[] {
  const literals = sourceFiles()
    .filter((path) => path !== declaration)
    .flatMap((path) => [...walk(parse(path))].filter(ts.isStringLiteral))
    .filter((literal) => !isLookedFor(literal))
    .map(({ text }) => text);
  return declaredCodes().filter((code) => literals.includes(code));
}

function isLookedFor({ parent }: ts.StringLiteral): boolean {
  if (ts.isCaseClause(parent) || ts.isBinaryExpression(parent) || ts.isLiteralTypeNode(parent)) return true;
  return ts.isCallExpression(parent) && parent.expression.getText() === 'isKernelError';
}

describe('docs/errors.md', () => {
  const explained = headings(readText('docs/errors.md'), /##/);
  const produced = producedCodes();

  it('explains each code that the source can produce, and no other', () => {
    expect([...explained].sort()).toEqual([...produced].sort());
  });

  it('is where an error’s docsUrl leads', () => {
    for (const code of produced) {
      const { docsUrl } = createKernelError(code, '');
      expect(docsUrl).toMatch(/\/docs\/errors\.md#\w+$/);
      expect(explained.map(anchorOf)).toContain(docsUrl.split('#')[1]);
    }
  });
});
