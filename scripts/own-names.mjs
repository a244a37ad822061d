import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * Maps the package's entries to their sources, as tsconfig.json does, for Vite. Vite's own tsconfig support skips the
 * imports of a plugin's virtual modules, which would then resolve to the last build in dist/.
 * @type {readonly { readonly find: RegExp, readonly replacement: string }[]}
 */
export const ownNames = Object.entries(readPaths()).map(([name, [file = '']]) => ({
  find: new RegExp(`^${name}$`),
  replacement: join(root, file),
}));

/** @returns {Record<string, string[]>} */
function readPaths() {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return compilerOptions.paths;
}
