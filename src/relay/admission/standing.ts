import { graphAbove, handDown, type FindGroup, type GroupGraph } from './group-graph.ts';
import type { GroupMembers, ParentRoles, Standing } from './group-members.ts';

/** Administrators of groups above make others administrators, who change groups below in turn. Few honest ones do. */
const maxRounds = 10;

/** The most that an account has ever been in a group, with what the groups above give. */
export function standingIn(groupID: string, author: string, find: FindGroup): Standing {
  const graph = graphAbove(groupID, find);
  promoteWaiting(graph);
  return standingsOf(author, graph).get(groupID) ?? 'none';
}

/** By group; only those other than `none`. */
function standingsOf(author: string, graph: GroupGraph): ReadonlyMap<string, Standing> {
  const standings = new Map<string, Standing>();
  for (const [id, group] of graph.groups) {
    const standing = group.standingOf(author);
    if (standing !== 'none') standings.set(id, standing);
  }
  handDown(graph, standings, ({ has }, above, given) => {
    const more = inherited(above, given);
    return has === undefined || more === 'administrator' ? more : has;
  });
  return standings;
}

function inherited(above: Standing, { ever }: ParentRoles): Standing | undefined {
  if (ever.size === 0) return undefined;
  if (ever.has('admin') || ever.has('manager')) return 'administrator';
  return ever.has('extend') ? above : 'member';
}

/** The administrators of groups above may have changed those below. */
function promoteWaiting(graph: GroupGraph): void {
  for (let round = 0; round < maxRounds; round++) {
    let isPromoted = false;
    for (const [author, groups] of waitingIn(graph)) {
      const standings = standingsOf(author, graph);
      for (const [id, group] of groups) {
        if (standings.get(id) !== 'administrator') continue;
        group.promote(author);
        isPromoted = true;
      }
    }
    if (!isPromoted) return;
  }
}

/** By author, the groups that they have changed without being administrators there. */
function waitingIn({
  groups,
}: GroupGraph): ReadonlyMap<string, readonly (readonly [string, GroupMembers])[]> {
  const waiting = new Map<string, (readonly [string, GroupMembers])[]>();
  for (const [id, group] of groups) {
    if (group.parents.size === 0) continue;
    for (const author of group.waitingAuthors()) {
      const known = waiting.get(author);
      if (known) known.push([id, group]);
      else waiting.set(author, [[id, group]]);
    }
  }
  return waiting;
}
