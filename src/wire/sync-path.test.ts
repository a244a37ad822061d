import { expect, it } from 'vitest';
import { isAppID, readSyncPath } from './sync-path.ts';

it.each([
  ['/sync', undefined, 'sync'],
  ['/sync/pull', undefined, 'pull'],
  ['/sync/nonce', undefined, 'nonce'],
  ['/sync/token', undefined, 'token'],
  ['/sync/erase', undefined, 'erase'],
  ['/sync/export', undefined, 'export'],
  ['/sync/notes', 'notes', 'sync'],
  ['/sync/notes/pull', 'notes', 'pull'],
  ['/sync/notes/nonce', 'notes', 'nonce'],
  ['/sync/notes/token', 'notes', 'token'],
])('[RELAY-70] %s is the place of one app and one part', (path, appID, part) => {
  expect(readSyncPath(path)).toEqual({ appID, part });
});

it.each([
  ...['', '/', 'sync', '/sync/', '/sync//', '/sync//pull', '/sync/pull/', '/sync/pull/pull', '/sync/notes/'],
  ...['/sync/notes/sync', '/sync/notes/other', '/sync/notes/pull/more', '/syncs', '/a/sync', '/sync/A/pull'],
])('[RELAY-70] %j is no place', (path) => {
  expect(readSyncPath(path)).toBeUndefined();
});

it('[RELAY-70] no app has the name of a part', () => {
  for (const name of ['pull', 'nonce', 'token', 'erase', 'export']) expect(isAppID(name)).toBe(false);
  for (const name of ['sync', 'pulls', 'a']) expect(readSyncPath(`/sync/${name}`)?.appID).toBe(name);
});
