import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import { noCojsonPatches } from './scripts/lint/no-cojson-patches.mjs';

/** What only `platform` touches, so that a test or another host can stand in for the browser. */
const browserGlobals = [
  ...['window', 'document', 'navigator', 'location', 'localStorage', 'sessionStorage'],
  ...['indexedDB', 'WebSocket', 'BroadcastChannel'],
];

export default defineConfig(
  // The last four are type-checked in the apps that they become.
  globalIgnores([
    ...['**/dist/', 'test-results/', 'playwright-report/'],
    ...['test/package/jazz/', 'test/package/consumers/', 'test/package/sveltekit/', 'docs/starters/'],
  ]),
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'], parser: tseslint.parser },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // `const { part, ...rest } = whole` is the plainest way to leave a part out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // The kernel's methods have no `this`: they may be called without their object.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // tsc already reports undefined names; this rule does not know types and reports their names as undefined.
    files: ['**/*.{ts,tsx,js,mjs,svelte}'],
    rules: { 'no-undef': 'off' },
  },
  {
    // tsc recognizes casts in JSDoc, but these rules do not.
    files: ['**/*.{js,mjs}'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((what) => [
        `@typescript-eslint/no-unsafe-${what}`,
        'off',
      ]),
    ),
  },
  {
    // These files use packages that are installed only for a run of the bench or of the package check, so their types are
    // unknown. The example of the documents is for any JavaScript.
    files: [
      'bench/peers/*.mjs',
      'test/interop/jazz/*.mjs',
      'test/package/boards/**/*.{ts,tsx,svelte}',
      'docs/**/*.mjs',
    ],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/switch-exhaustiveness-check': 'off' },
  },
  {
    files: ['src/**/*.ts', 'devtools/**/*.ts', 'demo/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
    },
  },
  {
    files: ['src/relay/cli/maia-relay.ts', 'src/init/kernel-command.ts', 'src/vite/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // These files misuse types on purpose; tsc checks that each misuse is an error.
    files: ['test/types/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Vitest's own wait ends after one second, which a busy machine exceeds.
    files: ['**/*.ts'],
    ignores: ['test/support/until.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['waitFor', 'waitUntil'].map((property) => ({
          object: 'vi',
          property,
          message: 'Use `until` of test/support.',
        })),
      ],
    },
  },
  {
    // Playwright reads a fixture's dependencies from its parameter's pattern, which is empty if there are none.
    files: ['e2e/**/*.ts'],
    rules: { 'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }] },
  },
  {
    files: ['src/**/*.ts', 'devtools/**/*.ts', 'demo/**/*.ts'],
    ignores: ['src/engine/**', '**/*.test.ts'],
    plugins: { kernel: { rules: { 'no-cojson-patches': noCojsonPatches } } },
    rules: { 'kernel/no-cojson-patches': 'error' },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/platform/**', '**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', ...browserGlobals] },
  },
);
