import type { CoValueCore } from 'cojson';
import type { Role } from '../../base/role.ts';
import { groupAccessOf, isComplete } from '../covalue-access.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { writeForbidden } from './write-errors.ts';

/** Throws WRITE_FORBIDDEN if the CoValue's group is here and does not give this node's account such a role. */
export function checkRole(core: CoValueCore, isAllowed: (role: Role | undefined) => boolean): void {
  const access = core.isAvailable() ? groupAccessOf(core.node, core) : undefined;
  const group = access && getKnownCoValue(core.node, access.groupID);
  // The missing part of the group may grant the right.
  if (!group?.isAvailable() || !isComplete(group)) return;
  if (!isAllowed(access?.role)) throw writeForbidden(core.id, access?.role);
}
