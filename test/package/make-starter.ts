import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/build/packages.mjs';
import { createApp } from '../../src/init/create-app.ts';
import type { Template } from '../../src/init/templates.ts';
import { versionsOf } from './make-app.mjs';

/** What an app needs for its dev server and its build. */
export const buildTools = versionsOf('vite', 'typescript', '@electric-sql/pglite');

/**
 * The app that `init` makes, without its test, and with these packages only. `change` runs before they are installed. Returns
 * its folder, which has one of its own.
 */
export async function makeStarter(
  template: Template,
  kernel: string,
  packages: readonly string[],
  change?: (app: string) => void,
): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'maia-app-'));
  const app = createApp({ folder: 'app', template, kernel, cwd, packageFolder: root });
  rmSync(join(app, 'src/list.test.ts'));
  change?.(app);
  const file = join(app, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...manifest, devDependencies: {} }));
  const install = ['install', '--save-dev', '--no-audit', '--no-fund', '--loglevel=error', ...packages];
  // Not synchronously: Vitest ends a worker that answers nothing for a minute.
  await promisify(execFile)('npm', install, { cwd: app });
  return app;
}

/** Changes a file of an app. Throws if `from` is not there. */
export function changeFile(app: string, path: string, from: string, to: string): void {
  const file = join(app, path);
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}.`);
  writeFileSync(file, text.replaceAll(from, to));
}
