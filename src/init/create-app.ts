import { existsSync, statSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { CommandError } from './command-error.ts';
import type { Template } from './templates.ts';

export interface AppOptions {
  /** Relative to `cwd`. */
  readonly folder: string;
  readonly template: Template;
  /** A path of a tarball, relative to `cwd`, or a version as in package.json. */
  readonly kernel: string;
  readonly cwd: string;
  /** This package's folder, which has the templates. */
  readonly packageFolder: string;
}

/**
 * Writes an app into an empty folder, and returns the folder's path. It changes nothing unless every check has passed. Throws a
 * CommandError.
 */
export function createApp(options: AppOptions): string {
  const folder = resolve(options.cwd, options.folder);
  const name = basename(folder);
  checkName(name);
  checkEmpty(folder);
  const kernel = readSpec(options.kernel, options.cwd);
  const files = readTemplate(options);
  files.set('package.json', describePackage(files.get('package.json') ?? '', name, kernel));
  accessing(folder, () => writeFiles(folder, files));
  return folder;
}

function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
  }
}

/** Explains why the file system refuses. */
function accessing<T>(folder: string, access: () => T): T {
  try {
    return access();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const advice = 'choose a folder that you may write to';
    throw new CommandError(`${folder} could not be used (${code}); ${advice}.`, { cause: error });
  }
}

/** The folder's name becomes the name of an npm package. */
function checkName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,213}$/.test(name) && name !== 'node_modules') return;
  throw new CommandError(
    `The folder is called ${JSON.stringify(name)}, which cannot be the name of an npm package; use a name of lower-case letters, digits and hyphens, such as my-app.`,
  );
}

function checkEmpty(folder: string): void {
  const stat = accessing(folder, () => statSync(folder, { throwIfNoEntry: false }));
  if (!stat) return;
  if (!stat.isDirectory()) throw new CommandError(`${folder} is not a folder; choose another name.`);
  const [found] = accessing(folder, () => readdirSync(folder)).filter((entry) => entry !== '.git');
  if (found === undefined) return;
  throw new CommandError(
    `The folder ${folder} is not empty: it has ${JSON.stringify(found)}; choose a new or empty folder.`,
  );
}

/** What package.json names as the kernel's version. */
function readSpec(kernel: string, cwd: string): string {
  const file = resolve(cwd, kernel.replace(/^file:/, ''));
  if (existsSync(file)) return `file:${file}`;
  if (!/^(?:file:|[./~]|[a-z]:[\\/])|\.tgz$/i.test(kernel) || /^https?:/.test(kernel)) return kernel;
  throw new CommandError(`There is no file ${file}; \`--kernel\` takes the path of an existing tarball.`);
}

/** The files of the new app, by path. A template's file replaces the shared one. */
function readTemplate({ template, packageFolder }: AppOptions): Map<string, string> {
  const starters = join(packageFolder, 'docs/starters');
  const files = new Map<string, string>();
  for (const folder of [join(starters, 'shared'), join(starters, template)]) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      // npm leaves out files that are called `.gitignore`.
      const path = relative(folder, file).replace(/^gitignore$/, '.gitignore');
      files.set(path, readFileSync(file, 'utf8'));
    }
  }
  return files.set('AGENTS.md', readFileSync(join(packageFolder, 'AGENTS.md'), 'utf8'));
}

function describePackage(template: string, name: string, kernel: string): string {
  const manifest = JSON.parse(template) as { readonly dependencies: Readonly<Record<string, string>> };
  const dependencies = { ...manifest.dependencies, '@MaiaOS/kernel': kernel };
  return `${JSON.stringify({ ...manifest, name, dependencies }, null, 2)}\n`;
}
