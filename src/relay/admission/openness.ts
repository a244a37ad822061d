import { graphAbove, handDown, type FindGroup, type GroupGraph } from './group-graph.ts';
import type { ParentRoles } from './group-members.ts';

/** Anyone can make thousands of groups above one, and date each edit differently. */
const maxSteps = 100_000;

/** The dates at which anyone may write in what the group owns, if they still may. Each date costs a step for each group. */
export function createOpenness(groupID: string, find: FindGroup): (atMs: number) => boolean {
  const answers = new Map<number, boolean>();
  let graph: GroupGraph | undefined;
  let steps = 0;

  function isOpen(atMs: number): boolean {
    const known = answers.get(atMs);
    if (known !== undefined) return known;
    graph ??= graphAbove(groupID, find);
    steps += graph.groups.size;
    const answer = steps <= maxSteps && isOpenIn(graph, groupID, atMs);
    answers.set(atMs, answer);
    return answer;
  }

  return (atMs) => isOpen(Infinity) && isOpen(atMs);
}

type OpenRole = 'reader' | 'writer';

function isOpenIn(graph: GroupGraph, groupID: string, atMs: number): boolean {
  const roles = new Map<string, OpenRole>();
  const closed = new Set<string>();
  for (const [id, group] of graph.groups) {
    const role = group.everyoneAt(atMs);
    if (role === 'writer' || role === 'reader') roles.set(id, role);
    // This role is not inherited.
    if (role === 'writeOnly') closed.add(id);
  }
  if (closed.has(groupID)) return true;
  handDown(graph, roles, ({ id }, above, given) =>
    !closed.has(id) && makesWriter(above, given, atMs) ? 'writer' : undefined,
  );
  return roles.get(groupID) === 'writer';
}

function makesWriter(above: OpenRole, { changes }: ParentRoles, atMs: number): boolean {
  const given = changes.at(atMs);
  if (given === undefined || given === 'revoked' || given === 'reader') return false;
  return above === 'writer' || (above === 'reader' && given !== 'extend');
}
