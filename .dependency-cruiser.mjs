// Which folder may import which, as ARCHITECTURE.md explains. `npm run lint` checks these rules.

/** Rooms of `src`, each with those it may import from besides itself. */
const rooms = {
  base: [],
  engine: ['base'],
  wire: ['base'],
  platform: ['base'],
  transport: ['base', 'wire', 'platform'],
  storage: ['base', 'engine', 'wire', 'platform'],
  sync: ['base', 'engine', 'wire', 'platform', 'transport', 'storage'],
  worker: ['base', 'engine', 'storage'],
  app: ['base', 'engine', 'wire', 'platform', 'transport', 'storage', 'sync'],
  session: ['base', 'engine', 'wire', 'platform', 'transport', 'storage', 'sync', 'worker', 'app'],
  inspect: ['base', 'engine', 'wire', 'platform', 'transport', 'storage', 'sync', 'worker', 'app', 'session'],
  relay: ['base', 'engine', 'wire'],
  vite: ['base', 'engine', 'wire', 'relay'],
  react: ['base'],
  vue: ['base'],
  jazz: ['base', 'sync', 'session'],
  init: ['base'],
};

/** The folders of `src/relay`, each with those it may import from. Only `cli` may import the files at the root. */
const relayFolders = {
  cli: [
    'doctor',
    'admin',
    'bus',
    'transfer',
    'serving',
    'namespace',
    'client',
    'memory',
    'admission',
    'authorize',
    'quota',
    'auth',
    'beginnings',
    'storage',
    'database',
    'config',
  ],
  doctor: ['admin', 'quota', 'auth', 'bus', 'storage', 'database', 'config'],
  transfer: ['storage', 'database', 'config'],
  admin: ['serving', 'namespace', 'erasure', 'client', 'quota', 'auth', 'operator', 'config'],
  notices: ['serving', 'stateless', 'namespace', 'client', 'memory', 'auth', 'bus', 'config'],
  stateless: [
    'serving',
    'erasure',
    'namespace',
    'client',
    'memory',
    'admission',
    'operator',
    'authorize',
    'quota',
    'auth',
    'beginnings',
    'storage',
    'database',
    'config',
  ],
  serving: [
    'namespace',
    'client',
    'memory',
    'operator',
    'authorize',
    'quota',
    'auth',
    'storage',
    'database',
    'config',
  ],
  namespace: [
    'authorize',
    'erasure',
    'auth',
    'bus',
    'client',
    'presence',
    'memory',
    'admission',
    'operator',
    'quota',
    'receipts',
    'beginnings',
    'storage',
    'database',
    'config',
  ],
  erasure: ['transfer', 'admission', 'operator', 'quota', 'beginnings', 'storage', 'database', 'config'],
  client: [
    'presence',
    'memory',
    'admission',
    'operator',
    'authorize',
    'quota',
    'auth',
    'beginnings',
    'storage',
    'database',
    'config',
  ],
  presence: ['bus', 'database'],
  authorize: ['auth', 'config'],
  auth: ['config'],
  admission: ['operator', 'quota', 'beginnings', 'storage'],
  quota: ['operator', 'storage', 'database', 'config'],
  operator: ['auth', 'database'],
  storage: ['beginnings', 'database', 'config'],
  bus: ['database'],
  beginnings: ['database'],
  memory: [],
  receipts: ['storage'],
  database: ['config'],
  config: [],
};

const test = '\\.test\\.ts$';
const own = '^(?:src|devtools|demo|e2e|bench|test|scripts)/';

/** The source files behind the package's public names. */
const entries =
  '^(?:src/(?:index|cojson|inspect/index|testing/(?:index|node)|react/index|vue/index|jazz/index|worker/index|vite/index|relay/index)|devtools/index)\\.ts$';

/** @param {readonly string[]} names */
const anyOf = (names) => `(?:${names.join('|')})`;
/** @param {readonly string[]} names */
const listOf = (names) => names.join(', ') || 'nothing else';

/**
 * Files at `from`, except tests, may import files at `of` only if they match `only`.
 * @param {string} name @param {string} comment
 * @param {{ from: string, except?: string, of: string, only: string | string[] }} paths
 */
const allow = (name, comment, { from, except, of, only }) => ({
  name,
  comment,
  severity: /** @type {const} */ ('error'),
  from: { path: from, pathNot: except === undefined ? test : [except, test] },
  to: { path: of, pathNot: only },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'No import cycles, not even through type-only or dynamic imports.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(rooms).map(([room, open]) =>
      allow(`room-${room}`, `Of the rooms, src/${room} imports only: ${listOf(open)}.`, {
        from: `^src/${room}/`,
        of: own,
        only: `^src/${anyOf([room, ...open])}/`,
      }),
    ),
    allow(
      'root-files-only',
      'Code outside a room may import only the files at its root; the panel may import anything in src/inspect.',
      {
        from: '^(?:src/([^/]+)/|devtools/)',
        of: '^src/[^/]+/[^/]+/',
        only: ['^src/$1/', '^src/inspect/'],
      },
    ),
    ...Object.entries(relayFolders).map(([folder, open]) =>
      allow(`relay-${folder}`, `Within src/relay, ${folder} imports only: ${listOf(open)}.`, {
        from: `^src/relay/${folder}/`,
        of: '^src/relay/',
        only: `^src/relay/(?:${anyOf([folder, ...open])}/${folder === 'cli' ? '|[^/]+$' : ''})`,
      }),
    ),
    allow(
      'relay-root',
      'The root files of src/relay import neither its command nor what only the command uses. A dev server’s relay reads the settings of the command.',
      {
        from: '^src/relay/(?!dev-options)[^/]+$',
        of: '^src/relay/',
        only: '^src/relay/(?!cli/|doctor/|transfer/)',
      },
    ),
    allow(
      'devtools-reads-inspect',
      'The panel reads the kernel only through src/inspect; src/base is open to all.',
      {
        from: '^devtools/',
        of: '^(?:src|demo|e2e|bench|test|scripts)/',
        only: '^src/(?:base|inspect)/',
      },
    ),
    allow('inspect-snapshot', 'src/inspect/snapshot imports nothing else of src/inspect.', {
      from: '^src/inspect/snapshot/',
      of: '^src/inspect/',
      only: '^src/inspect/snapshot/',
    }),
    allow('inspect-shared', 'Within src/inspect, shared imports only snapshot.', {
      from: '^src/inspect/shared/',
      of: '^src/inspect/',
      only: '^src/inspect/(?:shared|snapshot)/',
    }),
    allow(
      'inspect-features',
      'A feature of src/inspect imports snapshot, shared and the target types, and no other feature.',
      {
        from: '^src/inspect/([^/]+)/',
        except: '^src/inspect/(?:shared|snapshot)/',
        of: '^src/inspect/',
        only: ['^src/inspect/(?:$1|shared|snapshot)/', '^src/inspect/target\\.ts$'],
      },
    ),
    allow('apps-use-the-package', 'The demo imports the package by its public names.', {
      from: '^demo/',
      of: '^(?:src|devtools|e2e|bench|test|scripts)/',
      only: entries,
    }),
    allow(
      'outside-uses-the-package',
      'End-to-end tests and benches import the package by its public names. What a bench puts in the place of a file has its types.',
      {
        from: '^(?:e2e|bench/(?!.*/without/))',
        of: '^(?:src|devtools|demo)/',
        only: entries,
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectJSDocImports: false,
    enhancedResolveOptions: { extensions: ['.ts', '.svelte', '.mjs', '.js', '.json', '.css'] },
  },
};
