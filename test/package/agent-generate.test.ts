import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { readAgent } from '../../src/relay/config/agent-identity.ts';

it('prints only a matching pair of settings', async () => {
  const script = join(import.meta.dirname, '../../scripts/agent-generate.mjs');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, '--service', 'sync']);
  expect(stderr).toBe('');
  const found = /^SYNC_MAIA_MODE=agent\nSYNC_MAIA_AGENT_ACCOUNT_ID=(.+)\nSYNC_MAIA_AGENT_SECRET=(.+)\n$/.exec(
    stdout,
  );
  const [, accountID = '', agentSecret = ''] = found ?? [];
  expect(await readAgent({ accountID, agentSecret })).toEqual({ accountID, agentSecret });
});
