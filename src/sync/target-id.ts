import type { RawCoID } from 'cojson';
import { invalidCoValueID } from '../engine/covalue-errors.ts';
import { isCoValueID } from '../wire/ids.ts';
import type { SyncTarget } from './sync-peers.ts';

/** Throws MESSAGE_INVALID if the target has no valid ID, also for a value that TypeScript would refuse. */
export function targetID(target: SyncTarget): RawCoID {
  const id: unknown = typeof target === 'object' ? (target as { readonly id?: unknown } | null)?.id : target;
  if (!isCoValueID(id)) throw invalidCoValueID(id);
  return id;
}
