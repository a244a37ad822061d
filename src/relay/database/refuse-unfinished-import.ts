import { createKernelError } from '../../base/kernel-error.ts';
import type { Query } from './database.ts';

/** Throws RELAY_SETTING_INVALID if an import is unfinished: a relay must not write to partly imported data. */
export async function refuseUnfinishedImport(query: Query): Promise<void> {
  if (!(await isImportUnfinished(query))) return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    'An import into this storage was interrupted. Run `maia-relay import` with the same file again to continue it.',
  );
}

export async function isImportUnfinished(query: Query): Promise<boolean> {
  const [table] = await query<{ exists: boolean }>(
    `select to_regclass('relay.import_unfinished') is not null as "exists"`,
  );
  return table?.exists === true;
}
