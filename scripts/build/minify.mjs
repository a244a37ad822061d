import { minifySync } from 'rolldown/utils';

/** Options of the output. Functions and classes keep their names, which traces show; hints for tree shaking stay. */
export const shortened = {
  comments: { legal: false, jsdoc: false, annotation: true },
  minify: {
    compress: { keepNames: { function: true, class: true } },
    mangle: { keepNames: true },
    codegen: { removeWhitespace: false },
  },
};

/**
 * Removes lines, too. A file for pages that names other files keeps them, with its quotes: some bundlers follow only
 * `import("…")` and `new URL("…", import.meta.url)`, but no template literals there. Only Node's files keep names then, because
 * apps shorten them anyway.
 * @param {import('rolldown').OutputChunk} chunk @param {{ readonly isForPages: boolean }} options
 */
export function removeLines({ fileName, code, dynamicImports }, { isForPages }) {
  if (isForPages && (dynamicImports.length > 0 || code.includes('import.meta.url'))) return code;
  const { code: shorter, errors } = minifySync(fileName, code, {
    module: true,
    compress: false,
    mangle: { keepNames: !isForPages },
    codegen: { removeWhitespace: true },
  });
  if (errors[0]) throw new Error(`dist/${fileName}: ${errors[0].message}`);
  return shorter;
}
