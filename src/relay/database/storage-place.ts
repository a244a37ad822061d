import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { requirePGlite } from '../config/require-pglite.ts';
import type { Database } from './database.ts';
import { openAppSchema } from './in-schema.ts';
import { findGeneration } from './directory/generations.ts';
import { openMemoryDatabase } from './pglite-database.ts';
import { openPostgresDatabase, type PostgresOptions } from './postgres-database.ts';
import { openStorageDirectory } from './storage-directory.ts';

export type StoragePlace =
  | { readonly kind: 'memory' }
  | { readonly kind: 'pglite'; readonly directory: string }
  /** `name` is for messages: `url` may contain a password. */
  | { readonly kind: 'postgres'; readonly url: string; readonly name: string };

/** Where the command takes the storage from. */
const settings = 'the first of --storage, SYNC_MAIA_STORAGE, DATABASE_URL and DB_PATH that is set';

/** Throws RELAY_SETTING_INVALID, whose message never contains the address, because it may hold a password. */
export function readStoragePlace(storage: string): StoragePlace {
  if (storage === 'memory:') return { kind: 'memory' };
  if (isPostgresUrl(storage)) return readPostgresPlace(storage, settings);
  const directory = /^pglite:(?:\/\/)?(.+)$/.exec(storage)?.[1];
  // Some files of environment variables keep quotes, which would make it a relative path, outside of the volume.
  if (directory !== undefined && /^[\s"']|[\s"']$/.test(directory)) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The directory of the storage (${settings}) is ${JSON.stringify(directory)}. Remove the quotes and spaces around it.`,
    );
  }
  if (directory === undefined) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The storage setting (${settings}) is invalid. Use pglite:DIRECTORY, postgres://USER@HOST/DATABASE or memory:.`,
    );
  }
  return { kind: 'pglite', directory: resolve(directory) };
}

/** Throws RELAY_SETTING_INVALID. */
export function checkListenUrl(url: string): void {
  const setting = 'DATABASE_LISTEN_URL';
  if (isPostgresUrl(url)) return void readPostgresPlace(url, setting);
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    `The address to listen at (${setting}) is not that of a PostgreSQL database. Use the form postgres://USER:PASSWORD@HOST:PORT/DATABASE.`,
  );
}

function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:/.test(text);
}

function readPostgresPlace(url: string, setting: string): StoragePlace {
  // A parse error would contain the whole address, so check it first.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.pathname.slice(1)) {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The address of the PostgreSQL database (${setting}) is invalid. Use the form postgres://USER:PASSWORD@HOST:PORT/DATABASE with a URL-encoded password.`,
    );
  }
  const host = parsed.host || parsed.searchParams.get('host') || 'localhost';
  return { kind: 'postgres', url, name: host + parsed.pathname };
}

export interface StorageOptions extends Omit<PostgresOptions, 'clock'> {
  /** With less free space on the disk of a PGlite directory, content is refused. */
  readonly diskReserveMB?: number | undefined;
}

/** Throws RELAY_SETTING_INVALID, RELAY_PACKAGE_MISSING, RELAY_STORAGE_LOCKED or RELAY_STORAGE_FAILED. */
export async function openStoragePlace(
  place: StoragePlace,
  logger: Logger,
  options: StorageOptions = {},
): Promise<Database> {
  if (place.kind !== 'postgres') requirePGlite();
  switch (place.kind) {
    case 'memory':
      return openMemoryDatabase(options);
    case 'pglite':
      return openStorageDirectory(place.directory, logger, options);
    case 'postgres':
      return openPostgresDatabase(place.url, place.name, logger, options);
  }
}

/** The tables of an app, or those at `/sync`, for a command. Closing them closes the database. */
export async function openTables(
  place: StoragePlace,
  appID: string | undefined,
  logger: Logger,
  options: StorageOptions = {},
): Promise<Database> {
  const database = await openStoragePlace(place, logger, options);
  if (appID === undefined) return database;
  return { ...(await openAppSchema(database, appID)), close: database.close };
}

/** Where the relay remembers the state of its storage; `setting` is the operator's choice. */
export function stateDirectoryOf(place: StoragePlace, setting: string | undefined): string | undefined {
  if (place.kind === 'memory') return undefined;
  if (setting !== undefined) return resolve(setting);
  // Beside the directory, because a restore replaces what is in it.
  return place.kind === 'pglite' ? `${place.directory}.state` : undefined;
}

/** For commands other than `start`. Throws RELAY_SETTING_INVALID. */
export function refuseMemory({ kind }: StoragePlace): void {
  if (kind !== 'memory') return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    'In-memory storage is lost when this command ends. Choose another storage.',
  );
}

/** Whether opening the storage creates a database. */
export async function isMissing(place: StoragePlace): Promise<boolean> {
  if (place.kind !== 'pglite') return false;
  if (!existsSync(place.directory)) return true;
  return findGeneration(place.directory).then(
    (found) => found === undefined,
    // Opening it says what is wrong.
    () => false,
  );
}

/** Throws RELAY_SETTING_INVALID if the directory has no database that a command could open. */
export async function refuseMissing(place: StoragePlace): Promise<void> {
  if (place.kind !== 'pglite' || !(await isMissing(place))) return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    `There is no storage in ${place.directory}. Pass the directory of an existing storage with --storage.`,
  );
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
