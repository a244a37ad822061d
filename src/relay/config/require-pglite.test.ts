import { expect, it } from 'vitest';
import { requirePGlite } from './require-pglite.ts';

it('[RELAY-100] names the package that a relay lacks, and how to install it', () => {
  const missing = new Error("Cannot find package '@electric-sql/pglite'");
  const require = () =>
    requirePGlite(() => {
      throw missing;
    });
  expect(require).toThrow(
    expect.objectContaining({
      code: 'RELAY_PACKAGE_MISSING',
      message:
        'This relay stores in PGlite, which is not installed. Run `npm install @electric-sql/pglite@~0.5.16`, or give `--storage postgres://…`.',
      cause: missing,
      details: { package: '@electric-sql/pglite', install: 'npm install @electric-sql/pglite@~0.5.16' },
    }),
  );
});

it('accepts an installed PGlite', () => {
  expect(() => requirePGlite()).not.toThrow();
});
