import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { templates } from '../../src/init/templates.ts';
import { shareList } from './share-list.mjs';

const run = promisify(execFile);
const timeout = 600_000;

const tarball = inject('tarball');
let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'maia-starters-'));
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** As a user would, but with the tarball in place of the published package. */
function npx(...args: readonly string[]) {
  return run('npx', ['--yes', `file:${tarball}`, ...args], { cwd });
}

it('npx alone explains the command', async () => {
  const { stdout } = await npx();
  expect(stdout).toContain('Usage: npx @maiaos/kernel init');
}, 120_000);

it('a refusal is one sentence, and exit code 1', async () => {
  const refused = npx('init', 'my-app', '--template', 'angular');
  await expect(refused).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^kernel: There is no template "angular"; use .+\.\n$/m) as string,
  });
  expect(readdirSync(cwd)).toEqual([]);
}, 120_000);

describe.each(Object.keys(templates))('the %s app', (template) => {
  it('shares a list in its test, and in Chromium once it is built', { timeout }, async () => {
    const { stdout } = await npx('init', template, '--template', template, '--kernel', tarball);
    expect(stdout).toContain(`cd ${template} && npm install\n  npm run dev\n`);
    const app = join(cwd, template);
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: app });
    const tested = await run('npm', ['test'], { cwd: app, env: { ...process.env, NO_COLOR: '1' } });
    expect(tested.stdout).toMatch(/Tests\s+1 passed/);
    await shareList(app);
    rmSync(app, { recursive: true });
  });
});
