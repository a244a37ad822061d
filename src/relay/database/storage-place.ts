import { resolve } from 'node:path';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from './database.ts';
import { openMemoryDatabase } from './pglite-database.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { openStorageDirectory } from './storage-directory.ts';

/** Where a relay keeps what it stores. */
export type StoragePlace =
  | { readonly kind: 'memory' }
  | { readonly kind: 'pglite'; readonly directory: string }
  /** `name` is for people: the address may hold a password. */
  | { readonly kind: 'postgres'; readonly url: string; readonly name: string };

/** Reads the `storage` setting. Throws RELAY_SETTING_INVALID, which never repeats an address: it may hold a password. */
export function readStoragePlace(storage: string): StoragePlace {
  if (storage === 'memory:') return { kind: 'memory' };
  if (/^postgres(?:ql)?:/.test(storage)) return readPostgresPlace(storage);
  const directory = /^pglite:(?:\/\/)?(.+)$/.exec(storage)?.[1];
  if (directory === undefined) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      'The storage setting cannot be read. It takes pglite:DIRECTORY, postgres://USER@HOST/DATABASE or memory:.',
    );
  }
  return { kind: 'pglite', directory: resolve(directory) };
}

function readPostgresPlace(url: string): StoragePlace {
  // What is thrown by parsing holds the whole text, and is left out for that.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.pathname.slice(1)) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      'The address of the PostgreSQL database cannot be read. It has the form postgres://USER:PASSWORD@HOST:PORT/DATABASE, and a password stands there URL-encoded.',
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

/** For people: where what the relay acknowledges is kept, and what it survives. */
export function describeStorage(place: StoragePlace): string {
  switch (place.kind) {
    case 'memory':
      return 'storage in memory: nothing is kept';
    case 'pglite':
      return `storage in ${place.directory}: what is acknowledged survives a crash of the relay`;
    case 'postgres':
      return `storage in PostgreSQL at ${place.name}: what is acknowledged is committed there`;
  }
}
