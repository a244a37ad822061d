import { createKernelError } from '../../base/kernel-error.ts';

const name = '@electric-sql/pglite';
const install = `npm install ${name}@~0.5.16`;

/** PGlite is an optional peer of this package. Throws RELAY_PACKAGE_MISSING if it is not installed. */
export function requirePGlite(resolve = (specifier: string) => import.meta.resolve(specifier)): void {
  try {
    resolve(name);
  } catch (cause) {
    throw createKernelError(
      'RELAY_PACKAGE_MISSING',
      `This relay stores in PGlite, which is not installed. Run \`${install}\`, or give \`--storage postgres://…\`.`,
      { cause, details: { package: name, install } },
    );
  }
}
