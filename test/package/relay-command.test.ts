import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';

it('npm run relay starts a relay with the settings in .env, and a signal ends it', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'maia-env-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, '.env'), 'SYNC_MAIA_STORAGE=memory\n');
  const script = join(import.meta.dirname, '../../scripts/relay.mjs');
  const relay = spawn(process.execPath, [script, '--port', '0'], { cwd });
  onTestFinished(() => void relay.kill('SIGKILL'));

  const [line] = (await once(createInterface(relay.stdout), 'line')) as [string];
  const [url = ''] = /http:\S+(?=,)/.exec(line) ?? [];
  expect(line).toContain('storage in memory');
  expect((await fetch(`${url}/health`)).status).toBe(200);

  relay.kill('SIGTERM');
  expect(await once(relay, 'exit')).toEqual([0, null]);
});
