import type { CoValueCore, RawCoMap, RawGroup } from 'cojson';
import { everyone, isCompleteGroup, memberRoleIn } from '../../engine/covalue-access.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';
import { nameGroupUniqueness, nameIDsOf, nameUniqueness } from './name-headers.ts';
import { parseName } from './person-name.ts';

/** Looks for a CoValue on this device and at the relays. Resolves with false if none of them has it now. */
export type Look = (id: string) => Promise<boolean>;

const key = 'name';

/** Empty if the account has removed its name; undefined if it has none, or if what is there does not count. */
export function readName(map: CoValueCore | undefined, accountID: string): string | undefined {
  if (!map?.isAvailable()) return undefined;
  const last = (map.getCurrentContent() as RawCoMap).lastEditAt(key);
  return last?.by === accountID ? parseName(last.value) : undefined;
}

/** Whether others in a group can learn this account's name. Not if everyone would, or if the account is no member. */
export function mayIntroduce(group: RawGroup): boolean {
  const ofAll = group.roleOf(everyone);
  const isPublic = ofAll !== undefined && ofAll !== 'writeOnly';
  return !isPublic && memberRoleIn(group) !== undefined;
}

/** Whether the account is no member, and nothing has yet to arrive that could make it one. */
export function hasLeft(group: RawGroup): boolean {
  return isCompleteGroup(group.core) && memberRoleIn(group) === undefined;
}

/** Also if the only other member is an invite. */
export function hasOthers(group: RawGroup): boolean {
  return group.getAllMemberKeysSet().size > 1;
}

/**
 * Writes this account's name for the members of a group, unless it is there. Two devices that are apart may both create its group,
 * with a key each; members can read both keys. Resolves with false if the account may not introduce itself, or no longer.
 */
export async function writeName({ core, id }: RawGroup, name: string, look: Look): Promise<boolean> {
  const { node } = core;
  const accountID = node.getCurrentAccountOrAgentID();
  const { groupID, mapID } = nameIDsOf(node, id, accountID);
  const contentOf = (id: string) => getAvailableCoValue(node, id)?.getCurrentContent();
  // cojson makes another object of a group that has changed.
  const currentGroup = () => core.getCurrentContent() as RawGroup;
  await look(groupID);
  if (!mayIntroduce(currentGroup())) return false;
  const found = contentOf(groupID) as RawGroup | undefined;
  if (!found && name === '') return true;
  const nameGroup = found ?? node.createGroup({ uniqueness: nameGroupUniqueness(id) });
  if (nameGroup.myRole() !== 'admin') {
    // Anyone can send a group with this ID, but only this account can become its admin.
    nameGroup.set(accountID, 'admin', 'trusting');
    nameGroup.rotateReadKey();
  }
  if (nameGroup.get(`parent_${id}`) !== 'reader') nameGroup.extend(currentGroup(), 'reader');
  await look(mapID);
  if (!mayIntroduce(currentGroup())) return false;
  const map = contentOf(mapID) as RawCoMap | undefined;
  if ((readName(map?.core, accountID) ?? '') === name) return true;
  // cojson replaces the key first if someone who may no longer read the shared group has it.
  if (map) map.set(key, name, 'private');
  else nameGroup.createMap({ [key]: name }, null, 'private', { uniqueness: nameUniqueness });
  return true;
}
