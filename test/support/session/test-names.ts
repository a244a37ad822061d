import { cojsonInternals, type RawAccount, type RawCoMap, type RawGroup } from 'cojson';
import { nameIDsOf, ownedMapHeader } from '../../../src/app/names/name-headers.ts';
import type { Role } from '../../../src/base/role.ts';
import { getAvailableCoValue } from '../../../src/engine/covalue-lookup.ts';
import type { Session } from '../../../src/session/session.ts';
import { until } from '../until.ts';
import type { TestSessions } from './test-sessions.ts';

/** Adds a member by a group's owner, and returns the group as the member has it. */
export async function addMember(
  owner: Session,
  group: RawGroup,
  member: Session,
  role: Role = 'reader',
): Promise<RawGroup> {
  group.addMember(await owner.load<RawAccount>(member.accountID), role);
  await owner.sync.whenConfirmed();
  const joined = await member.load<RawGroup>(group.id);
  await until(() => joined.myRole() === role);
  return joined;
}

/** The part of an account's name in a group that a device has; by default of this account. */
export function nameMapOf(
  { node, accountID }: Session,
  group: RawGroup,
  of = accountID,
): RawCoMap | undefined {
  const { mapID } = nameIDsOf(node, group.id, of);
  return getAvailableCoValue(node, mapID)?.getCurrentContent() as RawCoMap | undefined;
}

/** The part of an account's own names that a device has. */
export function ownNamesOf({ node, account }: Session): RawCoMap | undefined {
  const id = cojsonInternals.idforHeader(ownedMapHeader(account.id, 'maia/people/v1'), node.crypto);
  return getAvailableCoValue(node, id)?.getCurrentContent() as RawCoMap | undefined;
}

export function createNameHelpers(current: () => TestSessions) {
  /** Shows the members of a group until the test ends; returns what is shown as a member's name. */
  function show(session: Session, { id }: RawGroup, of: Session): () => string | undefined {
    const list = session.members(id);
    current().onEnd(list.subscribe(() => {}));
    return () => list.current.members.find(({ accountID }) => accountID === of.accountID)?.name;
  }

  /** An owner's group with one more member; both show its members. */
  async function pair(online: () => Promise<Session>, role: Role = 'reader') {
    const [ada, ben] = [await online(), await online()];
    const group = ada.node.createGroup();
    const joined = await addMember(ada, group, ben, role);
    return { ada, ben, group, joined, seenByAda: show(ada, group, ben), seenByBen: show(ben, joined, ada) };
  }

  return { show, pair };
}
