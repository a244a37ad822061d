import { join } from 'node:path';
import { Client } from 'pg';
import { beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../test/support/relay/free-port.ts';
import { bundleRelay, spawnRelayWith } from '../../../test/support/relay/relay-process.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { until } from '../../../test/support/until.ts';

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
});

const id = `co_z${'2'.repeat(43)}`;

describePostgres('on PostgreSQL', () => {
  it('[RELAY-87] maia-relay admin relays shows of a relay that was killed when it was last seen', async () => {
    const storage = await createPostgres();
    const tokenFile = join(await createDirectory(), 'admin-token');
    const environment = { ADMIN_PORT: String(await freePort()), ADMIN_TOKEN_FILE: tokenFile };
    const start = (variables: Record<string, string>) =>
      spawnRelayWith(variables, script, '--port=0', `--storage=${storage}`);
    const relays = async () => {
      const { printed, ended } = spawnRelayWith(environment, script, 'admin', 'relays');
      expect(await ended).toMatchObject({ code: 0 });
      return (JSON.parse(printed.output) as { relays: ListedRelay[] }).relays;
    };
    const living = start(environment);
    await living.url;
    const killed = start({});
    await killed.url;
    await until(async () => expect(await relays()).toMatchObject([{ isAlive: true }, { isAlive: true }]));
    killed.kill('SIGKILL');
    await killed.ended;
    const [, before] = await relays();
    const database = new Client(storage);
    await database.connect();
    await database.query(`update relays set seen_at = seen_at - interval '90 seconds'`);
    await database.end();
    const [alive, dead] = await relays();
    expect([alive?.isAlive, dead?.isAlive, dead?.id]).toEqual([true, false, before?.id]);
    expect(Date.parse(dead?.lastSeen ?? '')).toBe(Date.parse(before?.lastSeen ?? '') - 90_000);
    living.kill('SIGTERM');
    await living.ended;
  });
});

interface ListedRelay {
  readonly id: string;
  readonly isAlive: boolean;
  readonly lastSeen: string;
}

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
