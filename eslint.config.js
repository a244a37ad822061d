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
  globalIgnores(['**/dist/', 'test-results/', 'playwright-report/']),
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
      // Leaving a part out of an object by naming it is the plainest way to do that.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // The kernel's methods have no `this`: they may be taken off their object.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // tsc already reports undefined names; this rule does not know types and reports them wrongly.
    files: ['**/*.{ts,js,mjs,svelte}'],
    rules: { 'no-undef': 'off' },
  },
  {
    // A cast in JSDoc is one to tsc and none to these rules.
    files: ['**/*.{js,mjs}'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((what) => [
        `@typescript-eslint/no-unsafe-${what}`,
        'off',
      ]),
    ),
  },
  {
    // Written on packages that are installed only for a run of the bench, so that nothing is known of their types.
    files: ['bench/peers/*.mjs'],
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
  { files: ['src/relay/cli/maia-relay.ts', 'src/vite/*.ts'], rules: { 'no-console': 'off' } },
  {
    // These files misuse types on purpose, so their errors are those of tsc.
    files: ['test/types/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Playwright reads from a fixture's pattern what it needs, so one that needs nothing has an empty one.
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
