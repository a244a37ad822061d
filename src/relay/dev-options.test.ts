import { expect, it } from 'vitest';
import { readDevOptions } from './dev-options.ts';

it('a dev server’s relay reads SYNC_MAIA_… and DB_PATH, and nothing that may be meant for the app', () => {
  expect(
    readDevOptions({ PORT: '80', HOST: '0.0.0.0', DATABASE_URL: 'postgres://app@localhost/app' }, {}),
  ).toEqual({
    storage: 'pglite:./local-sync.db',
  });
  expect(readDevOptions({ DB_PATH: './data', SYNC_MAIA_LIMITS: 'connections=7' }, {})).toEqual({
    storage: 'pglite:./data',
    limits: { connections: 7 },
  });
  expect(readDevOptions({ DB_PATH: './data', SYNC_MAIA_STORAGE: 'memory' }, {})).toMatchObject({
    storage: 'memory:',
  });
});

it('names a setting that is invalid', () => {
  expect(() => readDevOptions({ SYNC_MAIA_LIMITS: 'connections=many' }, {})).toThrow(
    expect.objectContaining({
      code: 'RELAY_SETTING_INVALID',
      message: expect.stringContaining('SYNC_MAIA_LIMITS') as string,
    }),
  );
});

it('what the app’s config gives counts first, whatever the environment names', () => {
  const environment = { SYNC_MAIA_STORAGE: 'postgres', DB_PATH: './data' };
  expect(readDevOptions(environment, { storage: 'memory:', port: 1 })).toEqual({
    storage: 'memory:',
    port: 1,
  });
});

it('DATABASE_URL is read if the storage is set to postgres', () => {
  const environment = { SYNC_MAIA_STORAGE: 'postgres', DATABASE_URL: 'postgres://me@localhost/dev' };
  expect(readDevOptions(environment, {})).toEqual({ storage: 'postgres://me@localhost/dev' });
});
