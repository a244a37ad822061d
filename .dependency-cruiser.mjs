// Which folder may import which; ARCHITECTURE.md says why. `npm run lint` runs it.

/** The rooms of `src` that run in a browser, each with those it may import from besides itself. */
const rooms = {
  base: [],
  engine: ['base'],
  wire: ['base'],
  platform: ['base'],
  transport: ['base', 'wire', 'platform'],
  storage: ['base', 'engine', 'wire', 'platform'],
  sync: ['base', 'engine', 'wire', 'platform', 'transport', 'storage'],
  session: ['base', 'engine', 'wire', 'platform', 'transport', 'storage', 'sync'],
  inspect: ['base', 'engine', 'wire', 'platform', 'transport', 'storage', 'sync', 'session'],
  relay: ['base', 'engine', 'wire'],
  vite: ['base', 'engine', 'wire', 'relay'],
};

/** The folders of `src/relay`, each with those it may import from; its root files come between `cli` and `serving`. */
const relayFolders = {
  cli: ['doctor', 'transfer', 'serving', 'client', 'storage', 'database', 'config'],
  doctor: ['storage', 'database', 'config'],
  transfer: ['storage', 'database', 'config'],
  serving: ['client', 'storage', 'database', 'config'],
  client: ['storage', 'database', 'config'],
  storage: ['database', 'config'],
  database: ['config'],
  config: [],
};

const test = '\\.test\\.ts$';

/** What the package's public names lead to here. */
const entries =
  '^(?:src/(?:index|cojson|inspect/index|testing/index|vite/index|relay/index)|devtools/index)\\.ts$';

/** @param {readonly string[]} names */
const anyOf = (names) => `(?:${names.join('|')})`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'No file imports itself by way of others, for types or later either.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(rooms).map(([room, open]) => ({
      name: `room-${room}`,
      comment: `src/${room} imports only from: ${open.join(', ') || 'no other room'}.`,
      severity: /** @type {const} */ ('error'),
      from: { path: `^src/${room}/`, pathNot: test },
      to: {
        path: '^(?:src|devtools|demo|e2e|bench|test|scripts)/',
        pathNot: `^src/${anyOf([room, ...open])}/`,
      },
    })),
    {
      name: 'root-files-only',
      comment: 'From outside, only the files at the root of a room; the panel reads all of src/inspect.',
      severity: 'error',
      from: { path: '^(?:src/([^/]+)/|devtools/)', pathNot: test },
      to: { path: '^src/[^/]+/[^/]+/', pathNot: ['^src/$1/', '^src/inspect/'] },
    },
    ...Object.entries(relayFolders).map(([folder, open]) => ({
      name: `relay-${folder}`,
      comment: `src/relay/${folder} imports only from: ${open.join(', ') || 'no other folder of the relay'}.`,
      severity: /** @type {const} */ ('error'),
      from: { path: `^src/relay/${folder}/`, pathNot: test },
      to: {
        path: '^src/relay/',
        pathNot:
          folder === 'cli'
            ? `^src/relay/(?:${anyOf([folder, ...open])}/|[^/]+$)`
            : `^src/relay/${anyOf([folder, ...open])}/`,
      },
    })),
    {
      name: 'relay-root',
      comment: 'The root files of src/relay import neither its command nor what only the command uses.',
      severity: 'error',
      from: { path: '^src/relay/[^/]+$', pathNot: test },
      to: { path: '^src/relay/(?:cli|doctor|transfer)/' },
    },
    {
      name: 'devtools-reads-inspect',
      comment: 'The panel reads the kernel only through src/inspect; src/base is open to all.',
      severity: 'error',
      from: { path: '^devtools/', pathNot: test },
      to: { path: '^(?:src|demo|e2e|bench|test|scripts)/', pathNot: '^src/(?:base|inspect)/' },
    },
    {
      name: 'inspect-snapshot',
      comment: 'src/inspect/snapshot imports nothing else of src/inspect.',
      severity: 'error',
      from: { path: '^src/inspect/snapshot/' },
      to: { path: '^src/inspect/', pathNot: '^src/inspect/snapshot/' },
    },
    {
      name: 'inspect-shared',
      comment: 'Within src/inspect, shared imports only snapshot.',
      severity: 'error',
      from: { path: '^src/inspect/shared/', pathNot: test },
      to: { path: '^src/inspect/', pathNot: '^src/inspect/(?:shared|snapshot)/' },
    },
    {
      name: 'inspect-features',
      comment:
        'A feature of src/inspect imports snapshot, shared and the target types, and no other feature.',
      severity: 'error',
      from: { path: '^src/inspect/([^/]+)/', pathNot: ['^src/inspect/(?:shared|snapshot)/', test] },
      to: {
        path: '^src/inspect/',
        pathNot: ['^src/inspect/(?:$1|shared|snapshot)/', '^src/inspect/target\\.ts$'],
      },
    },
    {
      name: 'apps-use-the-package',
      comment: 'The demo imports the package by its public names.',
      severity: 'error',
      from: { path: '^demo/', pathNot: test },
      to: { path: '^(?:src|devtools|e2e|bench|test|scripts)/', pathNot: entries },
    },
    {
      name: 'outside-uses-the-package',
      comment: 'End-to-end tests and benches import the package by its public names.',
      severity: 'error',
      from: { path: '^(?:e2e|bench)/', pathNot: test },
      to: { path: '^(?:src|devtools|demo)/', pathNot: entries },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectJSDocImports: false,
    enhancedResolveOptions: { extensions: ['.ts', '.svelte', '.mjs', '.js', '.json', '.css'] },
  },
};
