import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../test/support/relay/free-port.ts';
import { bundleRelay, spawnRelayWith } from '../../../test/support/relay/relay-process.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
});

const id = `co_z${'2'.repeat(43)}`;

it('[RELAY-63] maia-relay admin acts on the relay that runs on this machine, and drains it', async () => {
  const tokenFile = join(await createDirectory(), 'admin-token');
  const environment = { ADMIN_PORT: String(await freePort()), ADMIN_TOKEN_FILE: tokenFile };
  const relay = spawnRelayWith(environment, script, '--port=0', `--storage=pglite:${await createStorage()}`);
  await relay.url;
  async function admin(args: readonly string[], changed: Record<string, string> = {}) {
    const { printed, ended } = spawnRelayWith({ ...environment, ...changed }, script, 'admin', ...args);
    const { code } = await ended;
    return { code, ...printed };
  }
  const done = async (...args: string[]) => {
    const { code, output, errors } = await admin(args);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    return JSON.parse(output) as unknown;
  };
  expect(await done('block', id, '--reason', 'Spam', '--until=2999-01-31')).toMatchObject({
    id,
    reason: 'Spam',
  });
  expect(await done('take-down', id, '--reason', 'Court order')).toMatchObject({ id });
  expect(await done('blocks')).toMatchObject({ blocks: [{ id, until: '2999-01-31T00:00:00.000Z' }] });
  expect(await admin(['block', id])).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^maia-relay: The relay did not do it: `reason` is missing/) as string,
  });
  expect(await admin(['blocks'], { ADMIN_PORT: String(await freePort()) })).toMatchObject({
    code: 1,
    errors: expect.stringContaining('No relay answers on port') as string,
  });
  expect(await admin(['blocks'], { ADMIN_TOKEN_FILE: `${tokenFile}.other` })).toMatchObject({
    code: 1,
    errors: expect.stringContaining('does not exist') as string,
  });
  expect(await done('drain')).toEqual({ isDraining: true });
  expect(await relay.ended).toEqual({ code: 0, signal: null });
  expect(relay.printed.errors).toContain(`"msg":"Admin block ${id}"`);
});
