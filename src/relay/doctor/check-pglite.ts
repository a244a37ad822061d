import { isKernelError } from '../../base/kernel-error.ts';
import { requirePGlite } from '../config/require-pglite.ts';
import type { StoragePlace } from '../database/storage-place.ts';
import { wrong, type Finding } from './finding.ts';

/** What is missing, if the storage needs PGlite. */
export function checkPGlite({ kind }: StoragePlace): readonly Finding[] {
  if (kind === 'postgres') return [];
  try {
    requirePGlite();
    return [];
  } catch (error) {
    if (!isKernelError(error)) throw error;
    return [wrong('database', error.message)];
  }
}
