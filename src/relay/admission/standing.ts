import type { GroupMembers, Standing } from './group-members.ts';

/** Finds a group by its ID. Undefined while it is not here, or if it is none. */
export type FindGroup = (groupID: string) => GroupMembers | undefined;

/** More than honest groups have. cojson and this would not return from groups that are nested without end. */
const maxDepth = 100;

/** The most that an account has ever been in a group, with what the groups above give. */
export function standingIn(groupID: string, author: string, find: FindGroup): Standing {
  return walk(groupID, { author, find, answers: new Map(), depth: 0, isPromoting: true });
}

interface Walk {
  readonly author: string;
  readonly find: FindGroup;
  /** Also ends circles, and many ways up to the same group. */
  readonly answers: Map<string, Standing>;
  readonly depth: number;
  /** False in the walks that ask for a waiting author. If those promoted, too, each level would double their number. */
  readonly isPromoting: boolean;
}

function walk(groupID: string, way: Walk): Standing {
  const { author, find, answers, depth } = way;
  const known = answers.get(groupID);
  if (known !== undefined) return known;
  answers.set(groupID, 'none');
  const group = depth < maxDepth ? find(groupID) : undefined;
  if (!group) return 'none';
  let standing = group.standingOf(author);
  if (standing !== 'administrator' && group.parents.size > 0) {
    const inherited = above(group, way);
    // The groups above have promoted theirs by now.
    if (way.isPromoting) promoteWaiting(group, find, depth);
    standing = higher(group.standingOf(author), inherited);
  }
  answers.set(groupID, standing);
  return standing;
}

function above({ parents }: GroupMembers, way: Walk): Standing {
  let found: Standing = 'none';
  for (const [parentID, { ever }] of parents) {
    const standing = ever.size > 0 ? walk(parentID, { ...way, depth: way.depth + 1 }) : 'none';
    if (standing === 'none') continue;
    if (ever.has('admin') || ever.has('manager')) return 'administrator';
    found = higher(found, ever.has('extend') ? standing : 'member');
  }
  return found;
}

/** The administrators of groups above may have changed this one. */
function promoteWaiting(group: GroupMembers, find: FindGroup, depth: number): void {
  for (const author of group.waitingAuthors()) {
    const way: Walk = { author, find, answers: new Map(), depth, isPromoting: false };
    if (above(group, way) === 'administrator') group.promote(author);
  }
}

function higher(one: Standing, other: Standing): Standing {
  if (one === 'administrator' || other === 'none') return one;
  return other;
}

/** Whether anyone may write in what the group owns, now and at that date. */
export function isOpenAt(groupID: string, atMs: number, find: FindGroup): boolean {
  const mayWrite = (date: number) => {
    const role = roleOfEveryone(groupID, date, find, new Map());
    return role === 'writer' || role === 'writeOnly';
  };
  return mayWrite(Infinity) && mayWrite(atMs);
}

function roleOfEveryone(
  groupID: string,
  atMs: number,
  find: FindGroup,
  answers: Map<string, string | undefined>,
): string | undefined {
  if (answers.has(groupID) || answers.size > maxDepth) return answers.get(groupID);
  const group = find(groupID);
  // Also ends circles.
  answers.set(groupID, undefined);
  const role = group && (openRole(group.everyoneAt(atMs)) ?? inherited(group) ?? group.everyoneAt(atMs));
  answers.set(groupID, role);
  return role;

  function inherited({ parents }: GroupMembers): string | undefined {
    for (const [parentID, { changes }] of parents) {
      const given = changes.at(atMs);
      if (given === undefined || given === 'revoked' || given === 'reader') continue;
      const above = roleOfEveryone(parentID, atMs, find, answers);
      // A writeOnly role is not inherited.
      if (above === 'writer' || (above === 'reader' && given !== 'extend')) return 'writer';
    }
    return undefined;
  }
}

function openRole(role: string | undefined): string | undefined {
  return role === 'writer' || role === 'writeOnly' ? role : undefined;
}

/** The group and all groups above it, also those that are not here. */
export function groupsAbove(groupID: string, find: FindGroup): ReadonlySet<string> {
  const found = new Set([groupID]);
  for (const id of found) for (const parentID of find(id)?.parents.keys() ?? []) found.add(parentID);
  return found;
}
