import { once } from 'node:events';
import { connect } from 'node:net';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  openAdministeredRelay,
  startAdministeredRelay,
  type AdministeredRelay,
} from '../../../test/support/relay/administered-relay.ts';
import { freePort } from '../../../test/support/relay/free-port.ts';
import { createDirectory } from '../../../test/support/relay/temporary-storage.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { actNames } from './admin-acts.ts';
import { openAdminToken } from './admin-token.ts';

const id = `co_z${'2'.repeat(43)}`;
const principal = JSON.stringify(['https://id.example.org', 'user-1']);
const reason = 'Spam';

describe('[RELAY-63] the admin API', () => {
  let relay: AdministeredRelay;
  const [log, logRead] = [vi.fn(), vi.fn()];
  beforeAll(async () => {
    relay = await openAdministeredRelay({
      auth: { account: true },
      appIDs: ['notes'],
      logger: { ...silentLogger, warn: log, info: logRead },
    });
    return () => relay.relay.close();
  });

  async function send(
    path: string,
    { token = relay.token, method = 'POST', body = '{}' }: { token?: string; method?: string; body?: string },
  ) {
    const response = await fetch(`${relay.adminUrl}/${path}`, {
      method,
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      ...(method === 'POST' && { body }),
    });
    const text = await response.text();
    const { headers } = response;
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
      'no-store',
      'nosniff',
    ]);
    return { status: response.status, text };
  }

  const tokens: readonly (readonly [string, (token: string) => string])[] = [
    ['no token', () => ''],
    ['a wrong token', () => 'x'.repeat(43)],
    ['a shorter token', (token) => token.slice(0, -1)],
    ['a longer token', (token) => `${token}x`],
  ];
  const requests = [
    ['a list', 'blocks', {}],
    ['an act', 'block', { body: JSON.stringify({ id, reason }) }],
    ['another method', 'blocks', { method: 'GET' }],
    ['an unknown act', 'erase-all', {}],
    ['no JSON', 'blocks', { body: '{' }],
    ['a long body', 'blocks', { body: `{"id":"${'x'.repeat(10_000)}"}` }],
  ] as const;

  it.each(tokens.flatMap(([words, of]) => requests.map((request) => [words, ...request, of] as const)))(
    'answers 401 to %s with %s',
    async (_, __, path, request, of) => {
      const { status, text } = await send(path, { ...request, token: of(relay.token) });
      expect([status, JSON.parse(text)]).toMatchObject([401, { error: { code: 'unauthorized' } }]);
    },
  );

  it.each([
    ['a list', 'blocks', {}, 200, undefined],
    ['an empty body', 'blocks', { body: '' }, 200, undefined],
    ['GET', 'blocks', { method: 'GET' }, 405, 'method'],
    ['PUT', 'block', { method: 'PUT' }, 405, 'method'],
    ['an unknown act', 'erase-all', {}, 404, 'not-found'],
    ['a name that every object has', 'constructor', {}, 404, 'not-found'],
    ['a query', 'blocks?all', {}, 404, 'not-found'],
    ['no act', '', {}, 404, 'not-found'],
    ['another path', '../health', {}, 404, 'not-found'],
    ['no JSON', 'block', { body: '{' }, 400, 'invalid'],
    ['a list as the body', 'block', { body: '[]' }, 400, 'invalid'],
    ['a long body', 'block', { body: `{"id":"${'x'.repeat(10_000)}"}` }, 413, 'too-large'],
    ['an unknown field', 'blocks', { body: '{"all":true}' }, 400, 'invalid'],
  ] as const)('answers %s of the admin', async (_, path, request, status, code) => {
    const answer = await send(path, request);
    expect(answer.status).toBe(status);
    if (code !== undefined) expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
  });

  it.each([
    ['no reason', 'block', { id }],
    ['an empty reason', 'block', { id, reason: ' \n ' }],
    ['a long reason', 'block', { id, reason: 'x'.repeat(201) }],
    ['a number as its reason', 'block', { id, reason: 7 }],
    ['no ID', 'block', { reason }],
    ['an ID of nothing', 'block', { id: 'me', reason }],
    ['a principal of three parts', 'block', { id: '["a","b","c"]', reason }],
    ['a principal of numbers', 'unblock', { id: '[1,2]' }],
    ['a long principal', 'block', { id: JSON.stringify(['a', 'x'.repeat(2_000)]), reason }],
    ['a misspelt field', 'block', { id, reason, untl: '2999-01-01' }],
    ['a past time', 'block', { id, reason, until: '2001-01-01' }],
    ['a time without a zone', 'block', { id, reason, until: '2999-01-01T00:00' }],
    ['a time that is no time', 'take-down', { id, reason, until: '2999-19-39' }],
    ['a number as its time', 'take-down', { id, reason, until: 4e12 }],
    ['a principal', 'take-down', { id: principal, reason }],
    ['a reason', 'put-back', { id, reason }],
    ['nothing', 'quota', { id }],
    ['no ID', 'quota', { bytes: 1 }],
    ['an amount and the default', 'quota', { id, bytes: 1, default: true }],
    ['a default that is false', 'quota', { id, bytes: 1, default: false }],
    ['a negative amount', 'quota', { id, bytes: -1 }],
    ['half a CoValue', 'quota', { id, coValues: 0.5 }],
    ['an amount that is too large', 'quota', { id, bytes: 2 ** 53 }],
    ['an amount as a text', 'quota', { id, bytes: '1' }],
    ['an app that is not served', 'quota', { id, app: 'chess', bytes: 1 }],
    ['an app that is none', 'quotas', { app: '../notes' }],
    ['an ID', 'quotas', { id }],
  ])('refuses %s for %s, and changes nothing', async (_, act, fields) => {
    const { status, text } = await send(act, { body: JSON.stringify(fields) });
    expect([status, JSON.parse(text)]).toMatchObject([400, { error: { code: 'invalid' } }]);
    expect(await relay.act('blocks')).toEqual({ blocks: [] });
    expect(await relay.act('takedowns')).toEqual({ takedowns: [] });
  });

  it('does each act, and logs it without the token', async () => {
    for (const one of [log, logRead]) one.mockClear();
    const others: ReadonlySet<string> = new Set(['drain', 'epoch', 'erase', 'certificates']);
    const since = expect.stringMatching(/^20.*Z$/) as string;
    const until = '2999-01-31T00:00:00.000Z';
    const blocked = { id, reason, since, until };
    expect(await relay.act('block', { id, reason: ` ${reason}\n`, until: '2999-01-31' })).toEqual(blocked);
    expect(await relay.act('block', { id: `[ ${principal.slice(1)}`, reason })).toMatchObject({
      id: principal,
    });
    expect(await relay.act('take-down', { id, reason })).toEqual({ id, reason, since });
    expect(await relay.act('blocks')).toEqual({ blocks: [blocked, { id: principal, reason, since }] });
    expect(await relay.act('takedowns')).toEqual({ takedowns: [{ id, reason, since }] });
    expect(await relay.act('principals')).toEqual({ principals: [], notSignedIn: 0 });
    expect(await relay.act('relays')).toMatchObject({ relays: [{ clients: 0, isAlive: true }] });
    expect(await relay.act('put-back', { id })).toEqual({ id, wasTakenDown: true });
    expect(await relay.act('put-back', { id })).toEqual({ id, wasTakenDown: false });
    const nothingUsed = { usedBytes: 0, usedCoValues: 0 };
    expect(await relay.act('quota', { id, bytes: 7 })).toEqual({
      ...{ id, quota: { bytes: 7 }, isOwn: true, ...nothingUsed },
    });
    expect(await relay.act('quotas')).toEqual({
      ...{ quota: {}, usage: [], others: [{ id, ownQuota: { bytes: 7 } }] },
    });
    expect(await relay.act('quotas', { app: 'notes' })).toEqual({
      ...{ app: 'notes', quota: {}, usage: [], others: [] },
    });
    expect(await relay.act('quota', { id, default: true })).toEqual({
      ...{ id, quota: {}, isOwn: false, ...nothingUsed },
    });
    for (const each of [id, principal])
      expect(await relay.act('unblock', { id: each })).toMatchObject({ id: each });
    const acts = ({ mock }: typeof log) =>
      new Set(mock.calls.map(([, details]) => (details as { act: string }).act));
    const reads = ['blocks', 'takedowns', 'principals', 'relays', 'quotas'];
    expect(acts(logRead)).toEqual(new Set(reads));
    expect(acts(log)).toEqual(new Set(actNames.filter((name) => !others.has(name) && !reads.includes(name))));
    expect(log).toHaveBeenCalledWith(`Admin quota ${id}`, {
      ...{ by: 'admin', act: 'quota', target: id, bytes: 7 },
    });
    expect(log).toHaveBeenCalledWith(`Admin block ${id}`, {
      ...{ by: 'admin', act: 'block', target: id, until: '2999-01-31' },
    });
    await send('blocks', { token: 'y'.repeat(43) });
    expect(log).toHaveBeenLastCalledWith(expect.stringContaining('no valid token'));
    expect(JSON.stringify([log.mock.calls, logRead.mock.calls])).not.toMatch(
      new RegExp(`${relay.token}|y{43}`),
    );
  });

  it('upgrades no connection', async () => {
    const socket = connect(Number(new URL(relay.adminUrl).port), '127.0.0.1');
    socket.write('GET /sync HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });
});

it('[RELAY-63] the admin API reports a database that fails, and nothing is in force', async () => {
  let isBroken = false;
  const { act, adminUrl, token } = await startAdministeredRelay({}, (database) => ({
    ...database,
    write: (...asked) =>
      isBroken ? Promise.reject(new Error('The disk is full.')) : database.write(...asked),
  }));
  isBroken = true;
  const response = await fetch(`${adminUrl}/block`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ id, reason }),
  });
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'storage' } }]);
  expect(await act('blocks')).toEqual({ blocks: [] });
});

it('[RELAY-86] quotas are refused at a relay to which clients do not sign in', async () => {
  const { adminUrl, token } = await startAdministeredRelay();
  for (const [act, fields] of [
    ['quota', { id, bytes: 1 }],
    ['quotas', {}],
  ] as const) {
    const response = await fetch(`${adminUrl}/${act}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(fields),
    });
    const message = expect.stringContaining('Set JWKS_URL or SYNC_MAIA_ACCOUNT_AUTH') as string;
    expect([response.status, await response.json()]).toEqual([400, { error: { code: 'invalid', message } }]);
  }
});

it('[RELAY-63] drain stops the relay, and with it the admin API', async () => {
  const { relay, act, adminUrl } = await startAdministeredRelay();
  expect(await act('drain')).toEqual({ isDraining: true });
  for (const url of [`${relay.url}/health`, adminUrl])
    await until(() => expect(fetch(url)).rejects.toThrow('fetch failed'));
});

describe('[RELAY-63] the token', () => {
  const invalid = (words: string) => ({
    code: 'RELAY_SETTING_INVALID',
    message: expect.stringContaining(words) as string,
  });

  it('is created for the relay’s user alone, once, and is read again', async () => {
    const file = join(await createDirectory(), 'token');
    const tokens = await Promise.all([openAdminToken(file), openAdminToken(file)]);
    expect(tokens[0]).toMatch(/^[\w-]{43}$/);
    expect(tokens).toEqual([tokens[0], await openAdminToken(file)]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe(`${tokens[0]}\n`);
  });

  it.each([
    ['too short', 'x'.repeat(42), 0o600, 'no token of 32 random bytes'],
    ['hexadecimal and too short', 'ab'.repeat(31), 0o600, 'no token of 32 random bytes'],
    ['empty', '', 0o600, 'no token of 32 random bytes'],
    ['of two words', `${'x'.repeat(43)} ${'x'.repeat(43)}`, 0o600, 'no token of 32 random bytes'],
    ['readable for everyone', 'x'.repeat(43), 0o604, 'chmod 600'],
    ['writable for everyone', 'x'.repeat(43), 0o602, 'chmod 600'],
  ])('does not count if it is %s', async (_, text, mode, words) => {
    const file = join(await createDirectory(), 'token');
    await writeFile(file, text);
    await chmod(file, mode);
    const error = await openAdminToken(file).catch((failure: unknown) => failure);
    expect(error).toMatchObject(invalid(words));
    if (text !== '') expect(String(error)).not.toContain(text);
  });

  it.each([
    ['base64url', 'x'.repeat(43)],
    ['hexadecimal', 'ab'.repeat(32)],
  ])('counts in %s', async (_, text) => {
    const file = join(await createDirectory(), 'token');
    await writeFile(file, `${text}\n`, { mode: 0o640 });
    expect(await openAdminToken(file)).toBe(text);
  });

  it('keeps the relay from starting if it is missing or cannot be written', async () => {
    const adminPort = await freePort();
    const folder = await createDirectory();
    const start = (adminTokenFile?: string, port = adminPort) =>
      startRelay({
        storage: 'memory:',
        adminPort: port,
        ...(adminTokenFile !== undefined && { adminTokenFile }),
      });
    await expect(start()).rejects.toMatchObject(invalid('ADMIN_TOKEN_FILE'));
    await expect(start(join(folder, 'missing/token'))).rejects.toMatchObject(
      invalid('cannot be written (ENOENT)'),
    );
    await expect(start(folder)).rejects.toMatchObject(invalid('cannot be read (EISDIR)'));
    await expect(start(join(folder, 'token'), 0)).rejects.toMatchObject({ code: 'RELAY_SETTING_INVALID' });
    const metricsPort = await freePort();
    await expect(
      startRelay({
        storage: 'memory:',
        metricsPort,
        adminPort: metricsPort,
        adminTokenFile: join(folder, 'token'),
      }),
    ).rejects.toMatchObject(invalid(`port ${metricsPort}`));
  });
});

async function epochAt(url: string, path?: string): Promise<unknown> {
  const client = await openRawClient(url, path);
  client.socket.terminate();
  return (client.received[0]?.['storage'] as Record<string, unknown>)['epoch'];
}

describe('[RELAY-39] the act `epoch`', () => {
  it('gives one namespace a new epoch, and disconnects its clients', async () => {
    const log = vi.fn();
    const { relay, act } = await startAdministeredRelay({
      appIDs: ['notes'],
      logger: { ...silentLogger, warn: log },
    });
    const { url } = relay;
    const path = '/sync/notes';
    const [before, other] = [await openRawClient(url, path), await openRawClient(url)];
    const epochs = [await epochAt(url, path), await epochAt(url)];
    const { epoch } = await act('epoch', { app: 'notes' });
    await before.waitFor({ maia: 'refused', code: 'storage', closing: true });
    expect(epoch).not.toBe(epochs[0]);
    expect([await epochAt(url, path), await epochAt(url)]).toEqual([epoch, epochs[1]]);
    expect(other.closeCode).toBeUndefined();
    expect(log).toHaveBeenCalledWith('Admin epoch', expect.objectContaining({ act: 'epoch', app: 'notes' }));
  });
});

describePostgres('[RELAY-39] the act `epoch` on PostgreSQL', () => {
  it('disconnects the clients of all relays', async () => {
    const storage = await createPostgres();
    const { act } = await startAdministeredRelay({ storage });
    const { url } = await startRelay({ storage });
    const client = await openRawClient(url);
    const { epoch } = await act('epoch');
    await client.waitFor({ maia: 'refused', code: 'storage', closing: true });
    await until(async () => expect(await epochAt(url)).toBe(epoch));
  });
});
