import { describe, expect, it } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { limitNames } from '../config/limits.ts';
import { help, readCommand, type Environment } from './settings.ts';
import { readBusPlace } from '../bus/bus-place.ts';
import {
  checkListenUrl,
  describeStorage,
  readStoragePlace,
  stateDirectoryOf,
} from '../database/storage-place.ts';

function optionsOf(args: readonly string[], environment: Environment = {}) {
  const command = readCommand(args, environment);
  if (command.kind !== 'start') throw new Error(`Unexpected command: ${command.kind}.`);
  return command.options;
}

function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isKernelError(error, 'RELAY_SETTING_INVALID')) return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
}

it('[RELAY-35] the memory limit is set by the flag, or by MEMORY_MB', () => {
  expect(optionsOf(['--memory-mb', '100'], { MEMORY_MB: '200' }).memoryMB).toBe(100);
  expect(optionsOf([], { MEMORY_MB: '200' }).memoryMB).toBe(200);
  expect(optionsOf([], { MEMORY_MB: '' })).not.toHaveProperty('memoryMB');
  expect(refusalOf(() => optionsOf([], { MEMORY_MB: '1.5' }))).toContain('MEMORY_MB is "1.5"');
  expect(refusalOf(() => optionsOf(['--memory-mb', 'all']))).toContain('--memory-mb is "all"');
});

describe('[RELAY-85] the quotas', () => {
  it('are set by variables, up to the largest safe integer', () => {
    const environment = { QUOTA_BYTES: '9007199254740991', QUOTA_COVALUES: '0' };
    expect(optionsOf([], environment).quota).toEqual({ bytes: Number.MAX_SAFE_INTEGER, coValues: 0 });
    expect(optionsOf([], { QUOTA_BYTES: '', QUOTA_COVALUES: '7' }).quota).toEqual({ coValues: 7 });
    expect(optionsOf([])).not.toHaveProperty('quota');
    for (const text of ['-1', '1.5', '1e9', '9007199254740992', '10GB', '99999999999999999'])
      expect(refusalOf(() => optionsOf([], { QUOTA_COVALUES: text }))).toContain(
        `QUOTA_COVALUES is "${text}"; expected an integer`,
      );
  });
});

describe('[RELAY-63] the admin settings', () => {
  const environment = { ADMIN_PORT: '4299', ADMIN_TOKEN_FILE: '/run/token' };
  const id = 'co_zA';

  it('start the admin API, and lead admin to it', () => {
    expect(optionsOf([], environment)).toMatchObject({ adminPort: 4299, adminTokenFile: '/run/token' });
    expect(optionsOf([])).not.toHaveProperty('adminPort');
    const place = { kind: 'admin', port: 4299, tokenFile: '/run/token' };
    expect(readCommand(['admin', 'blocks'], environment)).toEqual({ ...place, act: 'blocks', fields: {} });
    const block = ['admin', 'block', id, '--reason', 'Spam', '--until', '2999-01-31'];
    expect(readCommand(block, environment)).toEqual({
      ...{ ...place, act: 'block', fields: { id, reason: 'Spam', until: '2999-01-31' } },
    });
    expect(readCommand(['admin', 'erase', id, '--app', 'notes', '--dry-run'], environment)).toEqual({
      ...{ ...place, act: 'erase', fields: { id, app: 'notes', dryRun: true } },
    });
    expect(readCommand(['admin', 'export', id], environment)).toEqual({
      ...place,
      act: 'export',
      fields: { id },
    });
  });

  it('[RELAY-86] lead quotas and their flags to the admin API', () => {
    const fieldsOf = (...args: string[]) => {
      const command = readCommand(['admin', ...args], environment);
      return command.kind === 'admin' ? [command.act, command.fields] : [];
    };
    expect(fieldsOf('quotas', '--app', 'notes')).toEqual(['quotas', { app: 'notes' }]);
    expect(fieldsOf('quota', id, '--bytes', '10', '--co-values', '0')).toEqual([
      ...['quota', { id, bytes: 10, coValues: 0 }],
    ]);
    expect(fieldsOf('quota', id, '--default', '--app', 'notes')).toEqual([
      ...['quota', { id, app: 'notes', default: true }],
    ]);
  });

  it.each<[string, readonly string[], Environment, string]>([
    ['no ID', ['admin', 'quota', '--bytes', '1'], environment, 'one ID'],
    ['a negative amount', ['admin', 'quota', id, '--bytes=-1'], environment, '--bytes is "-1"'],
    [
      'an amount with a unit',
      ['admin', 'quota', id, '--co-values', '1k'],
      environment,
      '--co-values is "1k"',
    ],
    ['an amount for another command', ['start', '--bytes', '1'], environment, '--bytes'],
    ['the default for another command', ['doctor', '--default'], environment, '--default'],
    ['an app that is none', ['admin', 'quotas', '--app', 'Notes'], environment, '--app'],
    ['no act', ['admin'], environment, 'take-down'],
    ['an unknown act', ['admin', 'delete'], environment, 'take-down'],
    ['an app for another act', ['admin', 'blocks', '--app', 'notes'], environment, '--app'],
    ['a dry run of another act', ['admin', 'unblock', id, '--dry-run'], environment, '--dry-run'],
    ['a dry run without admin', ['start', '--dry-run'], environment, '--dry-run'],
    ['no ID', ['admin', 'unblock'], environment, 'one ID'],
    ['two IDs', ['admin', 'unblock', id, id], environment, 'one ID'],
    ['an ID too many', ['admin', 'blocks', id], environment, 'no ID'],
    ['no port', ['admin', 'blocks'], { ADMIN_TOKEN_FILE: '/run/token' }, 'ADMIN_PORT'],
    ['no token file', ['admin', 'blocks'], { ADMIN_PORT: '4299', ADMIN_TOKEN_FILE: '' }, 'ADMIN_TOKEN_FILE'],
    ['another command', ['start', '--reason', 'Spam'], environment, '--reason'],
    ['another command still', ['export', 'a', '--until', '2999-01-31'], environment, '--until'],
  ])('are refused with %s', (_, args, given, words) => {
    expect(refusalOf(() => readCommand(args, given))).toContain(words);
  });
});

describe('the storage setting', () => {
  const all = { SYNC_MAIA_STORAGE: 'pglite:./b', DATABASE_URL: 'postgres://c', DB_PATH: './d' };
  it.each([
    ['the flag', ['--storage', 'pglite:./a'], all, 'pglite:./a'],
    ['then SYNC_MAIA_STORAGE', [], all, 'pglite:./b'],
    ['then DATABASE_URL', [], { ...all, SYNC_MAIA_STORAGE: undefined }, 'postgres://c'],
    ['then DB_PATH', [], { DB_PATH: './d' }, 'pglite:./d'],
    ['then the working directory', [], {}, 'pglite:./local-sync.db'],
    ['or the volume of a deployment', [], { NODE_ENV: 'production' }, 'pglite:/data/sync.db'],
    [
      'an empty variable counts as unset',
      [],
      { SYNC_MAIA_STORAGE: '', DATABASE_URL: '', DB_PATH: '' },
      'pglite:./local-sync.db',
    ],
    ['the bare word pglite', [], { ...all, SYNC_MAIA_STORAGE: 'pglite' }, 'pglite:./d'],
    ['the bare word memory', [], { ...all, SYNC_MAIA_STORAGE: 'memory' }, 'memory:'],
    ['the bare word postgres', [], { ...all, SYNC_MAIA_STORAGE: 'postgres' }, 'postgres://c'],
  ])('%s', (_, args, environment, storage) => {
    expect(optionsOf(args, environment).storage).toBe(storage);
  });

  it.each([
    ['is beside a PGlite directory', [], {}, '/a/b.state'],
    ['is set by a variable', [], { STATE_DIR: '/c' }, '/c'],
    ['is set by the flag first', ['--state-dir', '/d'], { STATE_DIR: '/c' }, '/d'],
    ['is absent for PostgreSQL', ['--storage', 'postgres://h/b'], {}, undefined],
    ['is absent in memory', ['--storage', 'memory:'], { STATE_DIR: '/c' }, undefined],
  ])('gives the state directory, which %s', (_, args, environment, directory) => {
    const options = optionsOf(args, { SYNC_MAIA_STORAGE: 'pglite:/a/b', ...environment });
    expect(stateDirectoryOf(readStoragePlace(options.storage), options.stateDirectory)).toBe(directory);
  });

  it('is parsed into a place', () => {
    expect(readStoragePlace('memory:')).toEqual({ kind: 'memory' });
    expect(readStoragePlace('pglite:/a/b')).toEqual({ kind: 'pglite', directory: '/a/b' });
    expect(readStoragePlace('pglite:///a/b')).toEqual({ kind: 'pglite', directory: '/a/b' });
    expect(readStoragePlace('pglite:./b')).toEqual({ kind: 'pglite', directory: `${process.cwd()}/b` });
  });

  it.each(['postgres', 'postgresql'])(
    'is parsed with the scheme %s into a place whose name has no password',
    (scheme) => {
      const url = `${scheme}://user:secret@host:5433/db?sslmode=require`;
      expect(readStoragePlace(url)).toEqual({ kind: 'postgres', url, name: 'host:5433/db' });
      expect(describeStorage(readStoragePlace(url))).not.toContain('secret');
    },
  );

  it.each([
    '',
    'pglite:',
    'sqlite:./a',
    './a',
    'https://user:secret@a',
    'postgres://user:secret@host',
    'postgres://user:secret@[a/b',
  ])('is refused without repeating its value: %j', (storage) => {
    expect(refusalOf(() => readStoragePlace(storage))).not.toContain('secret');
  });

  it('requires an address for postgres', () => {
    expect(refusalOf(() => optionsOf([], { SYNC_MAIA_STORAGE: 'postgres' }))).toContain('DATABASE_URL');
  });
});

describe('the listening address', () => {
  it('prefers a flag to a variable, and is unset without either', () => {
    expect(optionsOf([])).not.toHaveProperty('port');
    expect(optionsOf([])).not.toHaveProperty('host');
    expect(optionsOf([], { PORT: '80', HOST: '0.0.0.0' })).toMatchObject({ port: 80, host: '0.0.0.0' });
    const environment = { PORT: 'ignored', HOST: '0.0.0.0' };
    expect(optionsOf(['--port=0', '--host=::1'], environment)).toMatchObject({ port: 0, host: '::1' });
  });

  it.each(['', 'abc', '-1', '65536', '1e3', ' 80', '80.5'])('refuses the port %j', (port) => {
    expect(refusalOf(() => optionsOf([`--port=${port}`]))).toContain('--port');
    if (port !== '') expect(refusalOf(() => optionsOf([], { PORT: port }))).toContain('PORT');
  });
});

describe('the command', () => {
  it('starts by default', () => {
    expect(readCommand([], {}).kind).toBe('start');
    expect(readCommand(['start', '--port', '0'], {}).kind).toBe('start');
    expect(readCommand(['doctor', '--port', '0'], {})).toMatchObject({
      kind: 'doctor',
      options: { port: 0 },
    });
    expect(readCommand(['export', 'a.ndjson', '--storage', 'pglite:./b'], {})).toEqual({
      kind: 'export',
      file: 'a.ndjson',
      storage: 'pglite:./b',
    });
    expect(readCommand(['import', 'a'], { DATABASE_URL: 'postgres://c' })).toMatchObject({
      storage: 'postgres://c',
    });
    expect(readCommand(['import', 'a', '--no-wal'], { DB_PATH: 'b' })).toEqual({
      kind: 'import',
      file: 'a',
      storage: 'pglite:b',
      isWalGone: true,
    });
    expect(readCommand(['--help'], {}).kind).toBe('help');
    expect(readCommand(['--version'], {}).kind).toBe('version');
  });

  it.each([
    [['stop']],
    [['start', 'again']],
    [['export']],
    [['import', 'a', 'b']],
    [['export', 'a', '--no-wal']],
    [['start', '--no-wal']],
    [['--prot', '1']],
    [['--port']],
  ])('refuses %j with advice', (args) => {
    expect(refusalOf(() => readCommand(args, {}))).toContain('--help');
  });

  it.each([
    [['--prot', '1'], "Unknown option '--prot'."],
    [['--port'], "Option '--port <value>' argument missing."],
    [['--port', '--help'], "Option '--port' argument is ambiguous."],
  ])('says in one sentence what is wrong with %j', (args, reason) => {
    expect(refusalOf(() => readCommand(args, {}))).toBe(
      `${reason} Run \`maia-relay --help\` for the options.`,
    );
  });

  it('fits a terminal of 80 columns', () => {
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('documents every option', () => {
    for (const option of ['--port', '--host', '--storage', '--no-wal', '--help', '--version'])
      expect(help).toContain(option);
  });
});

describe('the log', () => {
  it('has a level', () => {
    expect(readCommand([], {})).toMatchObject({ logLevel: 'info' });
    expect(readCommand([], { LOG_LEVEL: '' })).toMatchObject({ logLevel: 'info' });
    expect(readCommand([], { LOG_LEVEL: 'debug' })).toMatchObject({ logLevel: 'debug' });
    expect(refusalOf(() => readCommand([], { LOG_LEVEL: 'loud' }))).toContain('silent');
  });
});

it('reads the allowed origins from CORS_ORIGINS', () => {
  expect(optionsOf([], {})).not.toHaveProperty('origins');
  expect(optionsOf([], { CORS_ORIGINS: '' })).not.toHaveProperty('origins');
  const origins = ['https://app.example.org', 'http://localhost:5173'];
  expect(optionsOf([], { CORS_ORIGINS: origins.join(', ') }).origins).toEqual(origins);
});

it('prefers the minimum app version of the command line to that of the environment', () => {
  const environment = { SYNC_MAIA_MIN_APP_VERSION: '2.1' };
  expect(optionsOf([])).not.toHaveProperty('minAppVersion');
  expect(optionsOf([], { SYNC_MAIA_MIN_APP_VERSION: '' })).not.toHaveProperty('minAppVersion');
  expect(optionsOf([], environment)).toMatchObject({ minAppVersion: '2.1' });
  expect(optionsOf(['--min-app-version', '3.0.0'], environment)).toMatchObject({ minAppVersion: '3.0.0' });
  expect(refusalOf(() => optionsOf(['--min-app-version', 'next']))).toContain('--min-app-version');
  expect(refusalOf(() => optionsOf([], { SYNC_MAIA_MIN_APP_VERSION: 'v2' }))).toContain('SYNC_MAIA_MIN');
  for (const name of ['--min-app-version', 'SYNC_MAIA_MIN_APP_VERSION']) expect(help).toContain(name);
});

it('reads from the environment whether the relay is open, and the port of its metrics', () => {
  for (const text of ['', 'false'])
    expect(optionsOf([], { SYNC_MAIA_OPEN: text })).not.toHaveProperty('open');
  expect(optionsOf([], { SYNC_MAIA_OPEN: 'true' })).toMatchObject({ open: true });
  expect(refusalOf(() => optionsOf([], { SYNC_MAIA_OPEN: 'yes' }))).toContain('SYNC_MAIA_OPEN');
  expect(optionsOf([], { METRICS_PORT: '' })).not.toHaveProperty('metricsPort');
  expect(optionsOf([], { METRICS_PORT: '9464' })).toMatchObject({ metricsPort: 9_464 });
  expect(refusalOf(() => optionsOf([], { METRICS_PORT: 'no' }))).toContain('METRICS_PORT');
  for (const name of ['SYNC_MAIA_OPEN', 'METRICS_PORT']) expect(help).toContain(name);
});

it('reads the drain delay from DRAIN_DELAY_MS', () => {
  expect(optionsOf([], { DRAIN_DELAY_MS: '' })).not.toHaveProperty('drainDelayMs');
  expect(optionsOf([], { DRAIN_DELAY_MS: '5000' })).toMatchObject({ drainDelayMs: 5_000 });
  for (const text of ['-1', '5s', '1e3'])
    expect(refusalOf(() => optionsOf([], { DRAIN_DELAY_MS: text }))).toContain('DRAIN_DELAY_MS');
  expect(help).toContain('DRAIN_DELAY_MS');
});

describe('the agent', () => {
  const agent = {
    SYNC_MAIA_MODE: 'agent',
    SYNC_MAIA_AGENT_ACCOUNT_ID: 'co_z1',
    SYNC_MAIA_AGENT_SECRET: 'sealerSecret_z1/signerSecret_z1',
  };

  it('is unset unless the mode is agent', () => {
    expect(optionsOf([], { ...agent, SYNC_MAIA_MODE: '' })).not.toHaveProperty('agent');
    expect(optionsOf([], agent).agent).toEqual({
      accountID: agent.SYNC_MAIA_AGENT_ACCOUNT_ID,
      agentSecret: agent.SYNC_MAIA_AGENT_SECRET,
    });
  });

  it('is refused if part of it is missing', () => {
    expect(refusalOf(() => optionsOf([], { SYNC_MAIA_MODE: 'robot' }))).toContain('robot');
    for (const missing of ['SYNC_MAIA_AGENT_ACCOUNT_ID', 'SYNC_MAIA_AGENT_SECRET']) {
      const message = refusalOf(() => optionsOf([], { ...agent, [missing]: '' }));
      expect(message).toContain(missing);
      expect(message).not.toContain('signerSecret');
    }
  });

  it('is generated by agent:generate', () => {
    expect(readCommand(['agent:generate'], {}).kind).toBe('agent:generate');
    expect(readCommand(['agent:generate', '--service', 'sync'], {}).kind).toBe('agent:generate');
    refusalOf(() => readCommand(['agent:generate', '--service', 'mail'], {}));
    refusalOf(() => readCommand(['agent:generate', 'again'], {}));
    refusalOf(() => readCommand(['start', '--service', 'sync'], {}));
  });
});

it('permits inspection only with the flag or the variable', () => {
  expect(optionsOf([])).not.toHaveProperty('inspect');
  expect(optionsOf(['--inspect'], { SYNC_MAIA_INSPECT: 'false' })).toMatchObject({ inspect: true });
  expect(optionsOf([], { SYNC_MAIA_INSPECT: 'true' })).toMatchObject({ inspect: true });
  for (const value of ['', 'false']) {
    expect(optionsOf([], { SYNC_MAIA_INSPECT: value })).not.toHaveProperty('inspect');
  }
  expect(refusalOf(() => optionsOf([], { SYNC_MAIA_INSPECT: 'yes' }))).toContain('SYNC_MAIA_INSPECT');
  for (const name of ['--inspect', 'SYNC_MAIA_INSPECT']) expect(help).toContain(name);
});

describe('limits and proxy trust', () => {
  it('come from the command line', () => {
    expect(optionsOf([])).not.toHaveProperty('limits');
    expect(optionsOf([])).not.toHaveProperty('trustProxy');
    const flags = ['--trust-proxy', '--limit', 'connections=20000', '--limit=openLoads=5'];
    expect(optionsOf(flags)).toMatchObject({
      trustProxy: true,
      limits: { connections: 20_000, openLoads: 5 },
    });
    for (const flag of ['connections', 'connections=', 'connections=-1', 'logins=5'])
      expect(refusalOf(() => optionsOf(['--limit', flag]))).toContain('--limit');
    for (const name of limitNames) expect(help).toContain(name);
  });

  it('come from the environment unless the command line overrides them', () => {
    const environment = {
      SYNC_MAIA_LIMITS: 'connections=20000, openLoads=5',
      SYNC_MAIA_TRUST_PROXY: 'true',
      COMMIT_LANES: '8',
      DATABASE_LOCK_MS: '100',
    };
    expect(optionsOf(['--limit', 'openLoads=6'], environment)).toMatchObject({
      trustProxy: true,
      limits: { connections: 20_000, openLoads: 6 },
      commitLanes: 8,
      databaseLockMs: 100,
    });
    expect(optionsOf([], { SYNC_MAIA_LIMITS: '', SYNC_MAIA_TRUST_PROXY: 'false' })).toEqual(optionsOf([]));
    for (const [name, value] of [
      ['SYNC_MAIA_LIMITS', 'connections=20000,'],
      ['SYNC_MAIA_LIMITS', 'logins=5'],
      ['SYNC_MAIA_TRUST_PROXY', 'yes'],
      ['COMMIT_LANES', 'four'],
      ['DATABASE_LOCK_MS', '-1'],
    ] as const) {
      expect(refusalOf(() => optionsOf([], { [name]: value }))).toContain(name);
      expect(help).toContain(name);
    }
  });
});

it('names a limit that does not exist', () => {
  expect(refusalOf(() => optionsOf([], { SYNC_MAIA_LIMITS: 'logins=5' }))).toMatch(
    /^SYNC_MAIA_LIMITS is "logins=5"; there is no limit logins/,
  );
});

it('says that a comma has no limit after it', () => {
  expect(refusalOf(() => optionsOf([], { SYNC_MAIA_LIMITS: 'connections=5,' }))).toMatch(
    /^SYNC_MAIA_LIMITS has nothing before or after a comma; expected NAME=NUMBER/,
  );
});

it('names the settings of the storage, of the bus and of where to listen', () => {
  for (const storage of ['mysql://h/d', 'postgres://h', 'pglite:"a"'])
    expect(refusalOf(() => readStoragePlace(storage))).toMatch(/SYNC_MAIA_STORAGE, DATABASE_URL and DB_PATH/);
  for (const url of ['mysql://h/d', 'postgres://h'])
    expect(refusalOf(() => checkListenUrl(url))).toMatch(/\(DATABASE_LISTEN_URL\)/);
  expect(refusalOf(() => readBusPlace('kafka://h', 'postgres'))).toContain('SYNC_MAIA_BUS');
});

it('reads the limits of the storage', () => {
  expect(optionsOf([], { DATABASE_STATEMENT_MS: '2000' })).toHaveProperty('statementMs', 2_000);
  expect(optionsOf([], { DATABASE_STATEMENT_MS: '' })).not.toHaveProperty('statementMs');
  expect(refusalOf(() => optionsOf([], { DATABASE_STATEMENT_MS: '2 s' }))).toContain('DATABASE_STATEMENT_MS');
  expect(optionsOf([], { DISK_RESERVE_MB: '0' })).toHaveProperty('diskReserveMB', 0);
  for (const name of ['DATABASE_STATEMENT_MS', 'DISK_RESERVE_MB']) expect(help).toContain(name);
});

it('reads `epoch new`, and no other epoch', () => {
  expect(readCommand(['epoch', 'new'], { DB_PATH: './d' })).toEqual({
    kind: 'epoch:new',
    storage: 'pglite:./d',
  });
  expect(refusalOf(() => readCommand(['epoch'], {}))).toContain('Invalid command "epoch"');
  expect(refusalOf(() => readCommand(['epoch', 'old'], {}))).toContain('Invalid command "epoch old"');
});

it.each(['"/data/sync.db"', "'/data/sync.db'", ' /data/sync.db'])(
  'refuses the directory %s, which would be outside of the volume',
  (directory) => {
    const { storage } = optionsOf([], { DB_PATH: directory });
    expect(refusalOf(() => readStoragePlace(storage))).toContain('quotes and spaces');
  },
);
