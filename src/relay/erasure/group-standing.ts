import type { RawGroup } from 'cojson';
import { authorOf, sessionsOf, type CoValueHeader } from '../../engine/content.ts';
import { everyone } from '../../engine/covalue-access.ts';
import { readAct } from '../admission/read-act.ts';
import type { StoredContent } from '../storage/content-loader.ts';
import { loadGroup, type LoadOptions } from './load-group.ts';
import { Powers } from './possible-acts.ts';

/** `own`: the person is alone in the group. `none`: the person is not, or not any more. */
export type GroupStanding =
  { readonly kind: 'own' | 'none' } | { readonly kind: 'shared'; readonly why: string };

export interface StandingOptions extends LoadOptions {
  /** Whether it is the account of the person, or an agent of one of its keyring entries. */
  isOwn(member: string): boolean;
  /** Whether the person is alone in this group, as far as is known yet. */
  isOwnGroup(groupID: string): boolean;
  /** What was found of the groups above others, which many extend. */
  readonly above: Map<string, Above>;
  /** Whether the account or group was erased. */
  isErased(id: string): boolean;
}

/** Why the person is not alone in a group; undefined if the person is. */
export interface Above {
  readonly why: string | undefined;
}

interface Visits {
  readonly ids: Set<string>;
  /** Whether one of them was met again. */
  hasReturned: boolean;
}

/** Of the acts that may count. */
interface Member {
  wasRevoked: boolean;
  hadRole: boolean;
  /** When the member was last made an admin. */
  adminAtMs: number | undefined;
  /** When the member last gave up being an admin. */
  steppedDownAtMs: number | undefined;
}

interface Act {
  readonly author: string;
  readonly role: string;
  readonly atMs: number;
}

interface Roles {
  readonly members: Map<string, Member>;
  readonly parents: Map<string, Member>;
}

const maxMembers = 10_000;
/** How often a group is read at most, to find whose acts may count. */
const maxReadings = 10;
const unreadable = 'This relay cannot read who is still in it.';
const revoked = 'revoked';
const isInvite = (role: string) => role.endsWith('Invite');

/**
 * Finds the members of a group beside the person. Others count as members until their removal counts by the rules of groups; an ID that
 * cannot be found counts, too, because its account may live elsewhere. So a doubt never erases what others need. By these rules, an
 * admin can date acts back, and so undo what made someone else an admin: thus an admin counts until they have stepped down.
 */
export async function standingIn(groupID: string, options: StandingOptions): Promise<GroupStanding> {
  const { isOwn, isOwnGroup } = options;
  const roles = await readRoles(groupID, options);
  if (!roles) return { kind: 'none' };
  if (roles === 'too many')
    return { kind: 'shared', why: `It has, or had, more than ${maxMembers} members.` };
  const own = [
    ...[...roles.members].filter(([id]) => isOwn(id)),
    ...[...roles.parents]
      .filter(([id]) => isOwnGroup(id))
      .map(([id, role]) => [`parent_${id}`, role] as const),
  ];
  if (own.length === 0) return { kind: 'none' };
  // What was written last may not count: others may have removed the person, or the person have come back, without a right.
  if (!own.some(([, { hadRole, wasRevoked }]) => hadRole && !wasRevoked)) {
    const group = await loadGroup(groupID, options);
    if (!group) return { kind: 'shared', why: unreadable };
    if (!own.some(([key]) => isLiving(roleIn(group, key)))) return { kind: 'none' };
  }
  const why = await othersIn(groupID, roles, options, { ids: new Set([groupID]), hasReturned: false });
  return why === undefined ? { kind: 'own' } : { kind: 'shared', why };
}

/** Undefined if the person is alone in the group, and in those above it. */
async function othersIn(
  groupID: string,
  known: Roles | undefined,
  options: StandingOptions,
  visits: Visits,
): Promise<string | undefined> {
  const roles = known ?? (await readRoles(groupID, options));
  if (!roles) return 'It extends a group that this relay does not have.';
  if (roles === 'too many') return `It extends a group with more than ${maxMembers} members.`;
  const others = [...roles.members].filter(([id, { hadRole }]) => isOther(id, options) && hadRole);
  const parents = [...roles.parents].filter(([id, { hadRole }]) => hadRole && !options.isErased(id));
  const isPlain = ![...others, ...parents].some(([, { wasRevoked }]) => wasRevoked);
  const group = isPlain ? undefined : await loadGroup(groupID, options);
  if (!isPlain && !group) return unreadable;
  const isGone = (key: string, { adminAtMs, steppedDownAtMs = -Infinity }: Member) =>
    // A member without a role by the rules, who was not removed by them, may have had one until another act was dated back.
    group !== undefined &&
    roleIn(group, key) === revoked &&
    (adminAtMs === undefined || steppedDownAtMs > adminAtMs);
  const livingOthers = others.filter((one) => !isGone(...one)).map(([id]) => id);
  const livingParents = parents
    .filter(([id, parent]) => !isGone(`parent_${id}`, { ...parent, adminAtMs: undefined }))
    .map(([id]) => id);
  if (livingOthers.includes(everyone)) return 'Everyone has a role in it.';
  if (livingOthers.length > 0)
    return `It has ${livingOthers.length === 1 ? 'another member' : `${livingOthers.length} other members`}.`;
  for (const parentID of livingParents) {
    if (visits.ids.has(parentID)) visits.hasReturned = true;
    if (visits.ids.has(parentID)) continue;
    visits.ids.add(parentID);
    const { why } = options.above.get(parentID) ?? (await lookAbove(parentID, options, visits));
    if (why !== undefined) return `It extends the group ${parentID}, which is not the person’s alone.`;
  }
  return undefined;
}

async function lookAbove(parentID: string, options: StandingOptions, visits: Visits): Promise<Above> {
  const found = { why: await othersIn(parentID, undefined, options, visits) };
  // What was visited before is still being looked at if it is in a circle with this one.
  if (found.why !== undefined || !visits.hasReturned) options.above.set(parentID, found);
  return found;
}

function isOther(id: string, { isOwn, isErased }: StandingOptions): boolean {
  return !isOwn(id) && !isErased(id);
}

function isLiving(role: string | undefined): boolean {
  return role !== undefined && role !== revoked && !isInvite(role);
}

function roleIn(group: RawGroup, key: string): string | undefined {
  const role: unknown = group.get(key as typeof everyone);
  return typeof role === 'string' ? role : undefined;
}

/**
 * All roles that those give who may have had the right to, at any time and by any order of acts: others, as who has an invite for
 * readers, name members without a right. Undefined if it is no group, or not stored.
 */
async function readRoles(groupID: string, options: StandingOptions): Promise<Roles | 'too many' | undefined> {
  let powers: Powers | undefined;
  for (let readings = 0; readings < maxReadings; readings++) {
    const stored = await options.reader.read(groupID);
    const initialAdmin = stored && initialAdminOf(stored.header);
    if (!stored || initialAdmin === undefined) return undefined;
    powers ??= new Powers(initialAdmin);
    const before = powers.count;
    const roles = await collectRoles(stored, initialAdmin, powers, options);
    // Otherwise, earlier acts may count, too.
    if (roles === 'too many' || powers.count === before) return roles;
  }
  return 'too many';
}

async function collectRoles(
  stored: StoredContent,
  initialAdmin: string,
  powers: Powers,
  { pause }: StandingOptions,
): Promise<Roles | 'too many'> {
  const roles: Roles = { members: new Map(), parents: new Map() };
  note(roles.members, initialAdmin, { author: initialAdmin, role: 'admin', atMs: -Infinity });
  for await (const piece of stored.pieces) {
    for (const [sessionID, { after, newTransactions }] of sessionsOf(piece)) {
      const author = authorOf(sessionID);
      newTransactions.forEach((transaction, place) => {
        const act = readAct({ author, sessionID, index: after + place }, transaction);
        const { change, atMs } = act;
        if (!powers.take(act)) return;
        if (change.kind === 'role') note(roles.members, change.member, { author, role: change.role, atMs });
        if (change.kind === 'parent')
          note(roles.parents, change.parentID, { author, role: change.role, atMs });
      });
    }
    if (roles.members.size + roles.parents.size > maxMembers) return 'too many';
    await pause();
  }
  return roles;
}

/** An account is no group of several. */
function initialAdminOf({ type, ruleset, meta }: CoValueHeader): string | undefined {
  if (type !== 'comap' || ruleset.type !== 'group' || meta?.['type'] === 'account') return undefined;
  return String(ruleset.initialAdmin);
}

function note(all: Map<string, Member>, id: string, { author, role, atMs }: Act): void {
  const member = all.get(id) ?? {
    ...{ wasRevoked: false, hadRole: false, adminAtMs: undefined, steppedDownAtMs: undefined },
  };
  all.set(id, member);
  if (role === revoked) member.wasRevoked = true;
  else if (!isInvite(role)) member.hadRole = true;
  if (role === 'admin') member.adminAtMs = Math.max(member.adminAtMs ?? -Infinity, atMs);
  else if (author === id) member.steppedDownAtMs = Math.max(member.steppedDownAtMs ?? -Infinity, atMs);
}
