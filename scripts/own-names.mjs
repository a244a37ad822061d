import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * The package's own names, which lead to its source here as tsconfig.json says. As Vite's aliases: its own reading of
 * tsconfig.json leaves out what a plugin's virtual module imports, and that would then be the last build in dist/.
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
