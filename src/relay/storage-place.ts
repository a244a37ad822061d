import { resolve } from 'node:path';
import { createKernelError } from '../platform/kernel-error.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from './database/database.ts';
import { openMemoryDatabase } from './database/pglite-database.ts';
import { openStorageDirectory } from './database/storage-directory.ts';

/** Where a relay keeps what it stores. */
export type StoragePlace =
  { readonly kind: 'memory' } | { readonly kind: 'pglite'; readonly directory: string };

/** Reads the `storage` setting. Throws RELAY_SETTING_INVALID, which never repeats an address: it may hold a password. */
export function readStoragePlace(storage: string): StoragePlace {
  if (storage === 'memory:') return { kind: 'memory' };
  if (/^postgres(?:ql)?:/.test(storage)) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      'The storage is set to PostgreSQL, which this version of the relay does not offer yet. Use pglite:DIRECTORY or memory: instead.',
    );
  }
  const directory = /^pglite:(?:\/\/)?(.+)$/.exec(storage)?.[1];
  if (directory === undefined) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      'The storage setting cannot be read. It takes pglite:DIRECTORY or memory:.',
    );
  }
  return { kind: 'pglite', directory: resolve(directory) };
}

/** Throws RELAY_SETTING_INVALID, RELAY_STORAGE_LOCKED or RELAY_STORAGE_FAILED. */
export function openStoragePlace(place: StoragePlace, logger: Logger): Promise<Database> {
  return place.kind === 'memory' ? openMemoryDatabase() : openStorageDirectory(place.directory, logger);
}

/** For people: where what the relay acknowledges is kept, and what it survives. */
export function describeStorage(place: StoragePlace): string {
  return place.kind === 'memory'
    ? 'storage in memory: nothing is kept'
    : `storage in ${place.directory}: what is acknowledged survives a crash of the relay`;
}
