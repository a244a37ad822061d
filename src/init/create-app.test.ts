import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, resolveConfig } from 'prettier';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from './command-error.ts';
import { createApp, type AppOptions } from './create-app.ts';
import { templates, type Template } from './templates.ts';

const packageFolder = join(import.meta.dirname, '../..');
const names = Object.keys(templates) as Template[];

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'maia-init-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function create(options: Partial<AppOptions> = {}): string {
  const kernel = 'npm:@maiaos/kernel@^0.1.0';
  return createApp({ folder: 'my-app', template: 'vanilla', kernel, cwd, packageFolder, ...options });
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();
}

interface Manifest {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Lines that are neither empty nor only a comment. */
function codeLines(text: string): number {
  return text.split('\n').filter((line) => !/^\s*(?:\/\/.*|\/\*\*.*\*\/)?$/.test(line)).length;
}

describe.each(names)('the %s app', (template) => {
  it('is complete', () => {
    const files = filesIn(create({ template }));
    const shared = ['src/list.test.ts', 'src/list.ts', 'src/style.css', 'tsconfig.json', 'vite.config.ts'];
    const sources = {
      vanilla: ['src/main.ts'],
      svelte: ['src/App.svelte', 'src/main.ts'],
      react: ['src/App.tsx', 'src/main.tsx'],
      vue: ['src/App.vue', 'src/main.ts'],
    };
    expect(files).toEqual(
      [
        '.gitignore',
        'AGENTS.md',
        'README.md',
        'index.html',
        'package.json',
        ...shared,
        ...sources[template],
      ].toSorted(),
    );
  });

  it('starts its own main file', () => {
    const folder = create({ template });
    const [, script = ''] = /src="\/(.+)"/.exec(readFileSync(join(folder, 'index.html'), 'utf8')) ?? [];
    expect(filesIn(folder)).toContain(script);
  });

  it('has fewer than 100 lines of code', () => {
    const folder = create({ template });
    const code = filesIn(folder).filter((path) => /^src\/.*(?<!\.test)\.(?:tsx?|svelte|vue)$/.test(path));
    const lines = code.map((path) => codeLines(readFileSync(join(folder, path), 'utf8')));
    expect(code.length).toBeGreaterThan(1);
    expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(100);
  });

  it('is formatted like this repository', async () => {
    const folder = create({ template });
    const config = await resolveConfig(join(packageFolder, 'package.json'));
    const plugins = [join(packageFolder, 'node_modules/prettier-plugin-svelte/plugin.js')];
    for (const path of filesIn(folder).filter((file) => file !== '.gitignore')) {
      const text = readFileSync(join(folder, path), 'utf8');
      const options = { ...config, plugins, overrides: [], filepath: path };
      expect.soft(await check(text, options), path).toBe(true);
    }
  });

  it('has the versions of this repository', () => {
    const { dependencies, devDependencies } = readManifest(create({ template }));
    const { devDependencies: ours, peerDependencies } = JSON.parse(
      readFileSync(join(packageFolder, 'package.json'), 'utf8'),
    ) as Record<'devDependencies' | 'peerDependencies', Record<string, string>>;
    expect(devDependencies['@electric-sql/pglite']).toBe(peerDependencies['@electric-sql/pglite']);
    const others = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([name]) => name in ours && name !== '@electric-sql/pglite',
    );
    for (const [name, version] of others) expect.soft(`${name} ${version}`).toBe(`${name} ^${ours[name]}`);
  });
});

it('names the app like its folder, and the kernel as asked', () => {
  const manifest = readManifest(create({ folder: 'apps/our-list' }));
  expect(manifest.name).toBe('our-list');
  expect(manifest.dependencies['@MaiaOS/kernel']).toBe('npm:@maiaos/kernel@^0.1.0');
});

it('takes a tarball by its path, from where the command runs', () => {
  const tarball = join(cwd, 'kernel.tgz');
  writeFileSync(tarball, '');
  for (const [index, kernel] of ['kernel.tgz', './kernel.tgz', 'file:kernel.tgz', tarball].entries()) {
    const { dependencies } = readManifest(create({ folder: `app-${index}`, kernel }));
    expect(dependencies['@MaiaOS/kernel']).toBe(`file:${tarball}`);
  }
});

it('writes into an empty folder, also under version control', () => {
  mkdirSync(join(cwd, 'my-app/.git'), { recursive: true });
  expect(create()).toBe(join(cwd, 'my-app'));
});

describe('it refuses, and writes nothing,', () => {
  it.each([
    [
      'a folder with a file',
      'full',
      {},
      /full is not empty: it has "notes\.txt"; choose a new or empty folder\.$/,
    ],
    ['a file', 'full/notes.txt', {}, /notes\.txt is not a folder; choose another name\.$/],
    ['a name with capitals', 'My-App', {}, /"My-App", which cannot be the name of an npm package; use /],
    ['a name with a space', 'my app', {}, /"my app", which cannot be/],
    ['a name that begins with a dot', '.app', {}, /"\.app", which cannot be/],
    ['a folder below a file', 'full/notes.txt/app', {}, /could not be used \(ENOTDIR\); choose a folder /],
    [
      'a tarball that is missing',
      'my-app',
      { kernel: './no.tgz' },
      /^There is no file .*no\.tgz; `--kernel` takes /,
    ],
    ['a missing file', 'my-app', { kernel: 'file:no' }, /^There is no file .*no; `--kernel` takes /],
  ])('%s', (_, folder, options, sentence) => {
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full/notes.txt'), 'mine');
    expect(() => create({ folder, ...options })).toThrow(CommandError);
    expect(() => create({ folder, ...options })).toThrow(sentence);
    expect(filesIn(cwd)).toEqual(['full/notes.txt']);
  });
});
