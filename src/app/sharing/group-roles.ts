import type { RawAccountID, RawGroup } from 'cojson';
import type { Role } from '../../base/role.ts';
import { asRole } from '../../engine/covalue-access.ts';

/** A group, and then all that it extends, each once. */
export function withGroupsAbove(group: RawGroup): readonly RawGroup[] {
  const found = new Map([[group.id, group]]);
  for (const one of found.values()) {
    for (const above of one.getParentGroups()) if (!found.has(above.id)) found.set(above.id, above);
  }
  return [...found.values()];
}

/** The role that an account itself has, and not everyone: in the group, or by one above. */
export function ownRoleOf(group: RawGroup, accountID: string): Role | undefined {
  const account = accountID as RawAccountID;
  const isNamed = withGroupsAbove(group).some((one) => asRole(one.get(account)) !== undefined);
  return isNamed ? asRole(group.roleOf(account)) : undefined;
}

/** The role that an account has in a group by a group above, however that group gives it. */
export function roleGivenBy(above: RawGroup, group: RawGroup, accountID: string): Role | undefined {
  const own = ownRoleOf(above, accountID);
  // cojson passes it on to nothing below.
  if (own === undefined || own === 'writeOnly') return undefined;
  const mapping: unknown = group.get(`parent_${above.id}`);
  return mapping === 'extend' ? own : asRole(mapping);
}
