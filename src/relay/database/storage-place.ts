import { resolve } from 'node:path';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from './database.ts';
import { openMemoryDatabase } from './pglite-database.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { openStorageDirectory } from './storage-directory.ts';

export type StoragePlace =
  | { readonly kind: 'memory' }
  | { readonly kind: 'pglite'; readonly directory: string }
  /** `name` is for messages: `url` may contain a password. */
  | { readonly kind: 'postgres'; readonly url: string; readonly name: string };

/** Throws RELAY_SETTING_INVALID, whose message never contains the address, because it may hold a password. */
export function readStoragePlace(storage: string): StoragePlace {
  if (storage === 'memory:') return { kind: 'memory' };
  if (/^postgres(?:ql)?:/.test(storage)) return readPostgresPlace(storage);
  const directory = /^pglite:(?:\/\/)?(.+)$/.exec(storage)?.[1];
  if (directory === undefined) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      'The storage setting is invalid. Use pglite:DIRECTORY, postgres://USER@HOST/DATABASE or memory:.',
    );
  }
  return { kind: 'pglite', directory: resolve(directory) };
}

function readPostgresPlace(url: string): StoragePlace {
  // A parse error would contain the whole address, so check it first.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.pathname.slice(1)) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      'The address of the PostgreSQL database is invalid. Use the form postgres://USER:PASSWORD@HOST:PORT/DATABASE with a URL-encoded password.',
    );
  }
  const host = parsed.host || parsed.searchParams.get('host') || 'localhost';
  return { kind: 'postgres', url, name: host + parsed.pathname };
}

/** Throws RELAY_SETTING_INVALID, RELAY_STORAGE_LOCKED or RELAY_STORAGE_FAILED. */
export function openStoragePlace(place: StoragePlace, logger: Logger): Promise<Database> {
  switch (place.kind) {
    case 'memory':
      return openMemoryDatabase();
    case 'pglite':
      return openStorageDirectory(place.directory, logger);
    case 'postgres':
      return openPostgresDatabase(place.url, place.name, logger);
  }
}

/** Describes, for the console, where data is stored and what it survives. */
export function describeStorage(place: StoragePlace): string {
  switch (place.kind) {
    case 'memory':
      return 'storage in memory: nothing is persisted';
    case 'pglite':
      return `storage in ${place.directory}: acknowledged edits survive a crash of the relay`;
    case 'postgres':
      return `storage in PostgreSQL at ${place.name}: acknowledged edits are committed there`;
  }
}
