import type { RawGroup } from 'cojson';
import { isKernelError } from '../../base/kernel-error.ts';
import { groupIn, memberRoleIn } from '../../engine/covalue-access.ts';
import type { WaitOptions } from '../../sync/sync-peers.ts';
import type { Target } from '../app-calls.ts';
import type { CollaborationParts } from '../app-parts.ts';
import { notMember, notShareable } from './share-errors.ts';

export function targetID(target: Target): string {
  return typeof target === 'string' ? target : target.id;
}

/** Loads the group that decides who can open a CoValue, in full. Rejects with SHARE_FORBIDDEN without one, and like `load`. */
export async function loadSharedGroup(
  { load }: Pick<CollaborationParts, 'load'>,
  target: Target,
  options?: WaitOptions,
): Promise<RawGroup> {
  const id = targetID(target);
  try {
    const content = await load(id, options);
    const group = groupIn(content.core);
    if (!group) throw notShareable(id, memberRoleIn(content));
    return group;
  } catch (error) {
    throw isKernelError(error, 'CO_VALUE_FORBIDDEN') ? notMember(id) : error;
  }
}
