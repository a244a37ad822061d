import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/build/packages.mjs';
import { makeProject, versionsOf } from './make-app.mjs';
import { freePort, run, start } from './run.mjs';
import { shareBuild, shareList, shareListAt } from './share-list.mjs';
import { withRelay } from './with-relay.mjs';

const timeout = 600_000;
const tarball = inject('tarball');
const packages = [
  ...['next@16.4.6', 'webpack@5.113.0', 'webpack-cli@7.3.1'],
  ...['typescript-5@npm:typescript@5.9.3', 'typescript-7@npm:typescript@7.0.2'],
  ...versionsOf('typescript', 'vite', 'vue', '@types/node', '@electric-sql/pglite'),
  ...versionsOf('react', 'react-dom', '@types/react', '@types/react-dom'),
];

/** A project with all of them. Each app is a folder in it. */
let project: string;
beforeAll(() => {
  project = makeProject(tarball, ...packages);
}, timeout);
afterAll(() => rmSync(project, { recursive: true }));

const consumers = join(import.meta.dirname, 'consumers');
const starters = join(root, 'docs/starters');

const nextBundlers = ['turbopack', 'webpack'];

it.each(nextBundlers)(
  'Next with %s renders the React starter on the server, and shares its list',
  { timeout },
  async (bundler) => {
    const app = join(project, `next-${bundler}`);
    cpSync(join(consumers, 'next'), join(app, 'app'), { recursive: true });
    for (const file of ['react/src/App.tsx', 'shared/src/list.ts'])
      cpSync(join(starters, file), join(app, 'app', basename(file)));
    // Next adds the other options. Without this one, imports in starters could not name their files.
    const compilerOptions = { strict: true, allowImportingTsExtensions: true, noEmit: true };
    const include = ['next-env.d.ts', 'app'];
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
    const next = join(project, 'node_modules/.bin/next');
    await withRelay(project, async (relay) => {
      const env = { NEXT_TELEMETRY_DISABLED: '1', NEXT_PUBLIC_API_DOMAIN: relay };
      run(next, ['build', `--${bundler}`], { cwd: app, env });
      const port = await freePort();
      const server = await start(next, ['start', '--port', String(port)], { cwd: app, env, ready: /Ready/ });
      try {
        const url = `http://localhost:${port}/`;
        expect(await (await fetch(url)).text()).toContain('Use a phrase</button>');
        await shareListAt(project, url, { anasButton: 'Use a phrase' });
      } finally {
        await server.close('SIGTERM');
      }
    });
  },
);

it('webpack builds the TypeScript starter, and shares its list', { timeout }, async () => {
  const app = join(project, 'webpack');
  for (const folder of ['shared', 'vanilla']) cpSync(join(starters, folder), app, { recursive: true });
  cpSync(join(consumers, 'webpack'), app, { recursive: true });
  await withRelay(project, async (relay) => {
    run('npx', ['webpack'], { cwd: app, env: { PUBLIC_API_DOMAIN: relay } });
    await shareBuild(project, join(app, 'dist'), relay);
  });
});

it('pnpm installs the TypeScript starter, and shares its list', { timeout }, async () => {
  // Outside the project, whose packages it would find.
  const folder = mkdtempSync(join(tmpdir(), 'maia-pnpm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  run('npx', ['--yes', `file:${tarball}`, 'init', 'app', '--kernel', tarball], { cwd: folder });
  const app = join(folder, 'app');
  const tools = versionsOf('vite', 'vitest', 'typescript', '@electric-sql/pglite');
  run('npx', ['--yes', 'pnpm@12.21.0', 'add', '--save-dev', '--save-exact', ...tools], { cwd: app });
  await shareList(app);
});

describe.each(['bundler', 'nodenext'])(
  'with moduleResolution %s, an app that uses each entry',
  (resolution) => {
    it.each(['typescript-5', 'typescript', 'typescript-7'])('passes %s without skipLibCheck', (compiler) => {
      const app = join(project, `${compiler}-${resolution}`);
      mkdirSync(app);
      cpSync(join(consumers, 'types/main.ts'), join(app, 'main.ts'));
      const compilerOptions = {
        target: 'ES2023',
        lib: ['ES2023', 'DOM', 'DOM.Iterable'],
        module: resolution === 'bundler' ? 'ESNext' : 'NodeNext',
        moduleResolution: resolution,
        types: ['node'],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
        noEmit: true,
      };
      writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
      run(process.execPath, [join(project, 'node_modules', compiler, 'bin/tsc')], { cwd: app });
    });
  },
);
