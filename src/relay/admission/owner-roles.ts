import type { LocalNode } from 'cojson';
import {
  authorOf,
  ownerOf,
  type Content,
  type CoValueHeader,
  type Transaction,
} from '../../engine/content.ts';
import { groupsAbove, type FindGroup } from './group-graph.ts';
import { createGroupMembers, type GroupMembers, type Standing } from './group-members.ts';
import type { RoleVerdict } from './judge-session.ts';
import { createMemberIndex } from './member-index.ts';
import { createOpenness } from './openness.ts';
import { readAct } from './read-act.ts';
import { hasRole } from './role-rule.ts';
import { createRememberedStandings } from './remembered-standings.ts';

export interface Authorship {
  readonly id: string;
  readonly header: CoValueHeader;
  readonly sessionID: string;
}

/** Answers what authors may do in a CoValue, by the groups in the node's memory. */
export interface OwnerRoles {
  /** `index`: the place of the first transaction in its session. */
  verdict(by: Authorship, index: number, added: readonly Transaction[]): RoleVerdict;
  /** Whether the author has no role at all, not even by an invite. Cheap. */
  isStranger(by: Authorship): boolean;
  /** Whether everything that the author does to a group is admitted. */
  isAdministrator(by: Authorship): boolean;
  /** The owner and the groups above, also those that are not here. */
  groupsFor(owner: string): Iterable<string>;
  /** Call it after cojson has handled content. */
  arrived(content: Content): void;
  /** Forgets the names of groups and authors. */
  forget(): void;
}

export function createOwnerRoles(node: LocalNode): OwnerRoles {
  const index = createMemberIndex(node);
  const find: FindGroup = (groupID) => {
    const members = index.of(groupID);
    return members === 'no group' ? undefined : members;
  };
  const above = createRememberedStandings(find);

  /** Undefined while the owner is not here. */
  function membersOf(id: string, { type, ruleset }: CoValueHeader): GroupMembers | 'no group' | undefined {
    if (ruleset.type === 'ownedByGroup') return index.of(ruleset.group);
    if (ruleset.type !== 'group' || type !== 'comap') return 'no group';
    return index.of(id) ?? createGroupMembers(id, String(ruleset.initialAdmin));
  }

  const standing = (
    { id, header, sessionID }: Authorship,
    members: GroupMembers,
    enough: Exclude<Standing, 'none'>,
  ) => {
    const author = authorOf(sessionID);
    const own = members.standingOf(author);
    return own === 'administrator' || own === enough || members.parents.size === 0
      ? own
      : above.of(ownerOf(id, header), author, enough);
  };

  return {
    verdict(by, first, added) {
      const { id, header, sessionID } = by;
      if (header.ruleset.type === 'unsafeAllowAll') return 'admitted';
      const members = membersOf(id, header);
      if (members === 'no group') return 'no-group';
      if (!members) return 'no-role';
      const author = authorOf(sessionID);
      const isGroup = header.ruleset.type === 'group';
      const acts = () => added.map((one, place) => readAct({ author, sessionID, index: first + place }, one));
      const held = standing(by, members, isGroup ? 'administrator' : 'member');
      const isAdmitted = hasRole({
        author,
        standing: held,
        isOpenAt: createOpenness(ownerOf(id, header), find),
        datesMs: added.map(({ madeAt }) => madeAt),
        group: isGroup ? { members, acts } : undefined,
      });
      if (isAdmitted) return 'admitted';
      return isGroup && held === 'member' ? 'not-admin' : 'no-role';
    },
    isStranger(by) {
      const { id, header, sessionID } = by;
      const members = membersOf(id, header);
      if (members === 'no group') return false;
      if (!members) return true;
      return (
        standing(by, members, 'member') === 'none' &&
        !members.isInvite(authorOf(sessionID)) &&
        !createOpenness(ownerOf(id, header), find)(Infinity)
      );
    },
    isAdministrator(by) {
      const members = membersOf(by.id, by.header);
      if (!members || members === 'no group') return false;
      return (
        standing(by, members, 'administrator') === 'administrator' || members.isInvite(authorOf(by.sessionID))
      );
    },
    groupsFor: (owner) => groupsAbove(owner, find),
    arrived(content) {
      if (index.arrived(content)) above.changed(content.id);
    },
    forget: above.clear,
  };
}
