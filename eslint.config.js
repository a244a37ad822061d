import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import { roomsRule } from './scripts/rooms-rule.mjs';

// Who may import whom; ARCHITECTURE.md says why. Rooms that run in a browser have no `node:`, and those that run in
// Node only get files that touch no browser global. Tests stand outside: they work on real parts.
const wire = ['frames', 'maia-frame', 'sync-message', 'ids'].map((file) => `src/transport/${file}`);
const runsAnywhere = [
  'assert',
  'clock',
  'healing-session-maps',
  'kernel-error',
  'logger',
  'mend-cojson',
  'mend-empty-groups',
  'order-ties',
  'readable',
  'seeded-random',
  'version',
].map((file) => `src/platform/${file}`);
const rooms = {
  mayImport: {
    'src/platform': [],
    'src/transport': ['src/platform'],
    'src/storage': ['src/platform'],
    'src/sync': ['src/transport', 'src/storage', 'src/platform'],
    'src/session': ['src/sync', 'src/storage', 'src/platform'],
    'src/inspect': [
      ...['src/platform', 'src/sync/inspection', 'src/sync/coverage', 'src/session/active-session'],
      ...[
        'src/transport/faulty-transport',
        'src/transport/frames',
        'src/transport/ids',
        'src/transport/json',
      ],
    ],
    'src/relay': [...wire, ...runsAnywhere, 'node:'],
    'src/vite': ['src/relay', ...runsAnywhere, 'node:'],
    devtools: ['src/inspect'],
    demo: ['@MaiaOS/kernel'],
    e2e: ['@MaiaOS/kernel', 'scripts', 'node:'],
    bench: ['@MaiaOS/kernel', 'scripts', 'node:'],
  },
  mayImportTypes: { 'src/inspect': ['src/session', 'src/sync', 'src/storage', 'src/transport'] },
};

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
    // Types are what tsc says; a second opinion by name is wrong about them.
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
  { files: ['src/relay/maia-relay.ts', 'src/vite/*.ts'], rules: { 'no-console': 'off' } },
  {
    // Playwright reads from a fixture's pattern what it needs, so one that needs nothing has an empty one.
    files: ['e2e/**/*.ts'],
    rules: { 'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/platform/**', '**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', ...browserGlobals] },
  },
  {
    files: ['{src,devtools,demo,e2e,bench}/**/*.{ts,svelte}'],
    ignores: ['**/*.test.ts'],
    plugins: { kernel: { rules: { rooms: roomsRule } } },
    rules: { 'kernel/rooms': ['error', { root: import.meta.dirname, ...rooms }] },
  },
);
