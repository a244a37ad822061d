import type { AvailableCoValueCore, LocalNode, RawCoValue } from 'cojson';
import type { KernelError } from '../../base/kernel-error.ts';
import {
  groupAccessOf,
  incompleteGroupsOf,
  isComplete,
  type GroupAccess,
} from '../../engine/covalue-access.ts';
import { deletedCoValue } from '../../engine/covalue-errors.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';

/**
 * The content of a CoValue that this device can read in full, or why nobody can. Undefined while anything is missing. Throws if
 * cojson cannot read the content.
 */
export function wholeContent(node: LocalNode, id: string): RawCoValue | KernelError | undefined {
  const core = getKnownCoValue(node, id);
  if (!core?.isAvailable()) return undefined;
  if (core.isDeleted) return deletedCoValue(id);
  if (!isComplete(core) || missingAccess(core) || incompleteGroupsOf(core).length > 0) return undefined;
  return core.getCurrentContent();
}

/** Set if the CoValue is here, and the groups that this device knows give this account no role. */
export function missingAccess(core: AvailableCoValueCore): GroupAccess | undefined {
  const access = isComplete(core) ? groupAccessOf(core.node, core) : undefined;
  return access?.role === undefined ? access : undefined;
}
