import type { JsonValue } from 'cojson';
import { drawKey, drawMember, drawRevelation, drawSealer } from './draw-keys.ts';
import { drawDate } from './meta.ts';
import { isManager, type GroupName } from './model.ts';
import { signAsDrawn } from './sign-move.ts';
import type { Attacker, Change, Move, World } from './world.ts';

const roles = ['admin', 'manager', 'writer', 'reader', 'writeOnly', 'revoked'];
const invites = roles.slice(0, 5).map((role) => `${role}Invite`);

/** An attacker signs a change of a group. */
export function moveInGroup(world: World, by: Attacker, name: GroupName): void {
  const { dice, model, groupIDs } = world;
  const id = groupIDs[name];
  const atMs = drawDate(world);
  if (dice.chance(15)) return void signAsDrawn(world, by, { id, changes: drawMalformed(world), atMs });
  const own = model.rolesOf(model.states.length - 1, name, by.id);
  const [key, value] = dice.byWeight<() => Change>([
    [9, () => drawRole(world, own)],
    [2, () => [`parent_${dice.pick(world.log.ids())}`, dice.pick(['extend', ...roles])]],
    [1, () => [`child_${dice.pick(world.log.ids())}`, 'extend']],
    [3, () => ['readKey', drawKey(world).id]],
    [1, () => [dice.pick(['groupSealer', 'profile', 'root']), drawSealer(world)]],
    [3, () => [`writeKeyFor_${drawMember(world)}`, drawKey(world).id]],
    [7, () => drawRevelation(world, by, name)],
  ])();
  // A manager may harm others, so most runs have one that does so only once removed.
  if (isManager(own) && isHarmful(world, key) && dice.chance(90)) return;
  const isPrivate = dice.chance(4);
  const signed = signAsDrawn(world, by, {
    id,
    changes: [{ op: 'set', key, value }],
    atMs,
    ...(isPrivate && { key: drawKey(world) }),
  });
  if (!signed) return;
  const move = { group: name, by: by.id, change: [key, value], signed } as const;
  judge(world, move, own);
  if (atMs > world.clock.nowMs) world.ahead.push(move);
}

/** After Alice has given a member another role: what they have dated ahead can count now. */
export function judgeAhead(world: World, by: string): void {
  const { model, ahead } = world;
  for (const move of ahead.filter((one) => one.by === by))
    judge(world, move, model.rolesOf(model.states.length - 1, move.group, by));
}

/** Enters into the model what the attacker had the right to do. */
function judge(
  { model, devices }: World,
  { group, change: [key, value], signed: { sessionID, index } }: Move,
  own: readonly string[],
): void {
  const isRole = !/^(?:parent_|child_|key_|writeKeyFor_|readKey|groupSealer|profile|root)/.test(key);
  const role = typeof value === 'string' ? value : '';
  if (isManager(own)) {
    if (isRole && !['admin', 'adminInvite', 'managerInvite'].includes(role))
      model.raise({ group, member: key, role, sessionID, index });
    // A direct role, such as `writeOnly`, takes away what members have by the upper group.
    const isMember = (one: GroupName) =>
      model.states[0]?.roles[one].has(key) || devices.some(({ person }) => person.id === key);
    for (const one of group === 'top' ? (['top', 'low'] as const) : [group])
      if (!isRole || isMember(one)) model.disturbed.add(one);
  } else if (isRole && own.includes(`${role}Invite`))
    model.raise({ group, member: key, role, sessionID, index });
}

function isHarmful({ devices }: World, key: string): boolean {
  return (
    /^(?:parent_|key_|writeKeyFor_|readKey|groupSealer)/.test(key) ||
    devices.some(({ person }) => person.id === key)
  );
}

/** Often one that the author may give. */
function drawRole(world: World, own: readonly string[]): Change {
  const { dice, devices } = world;
  const invited = own.find((role) => role.endsWith('Invite'))?.slice(0, -'Invite'.length);
  const role =
    invited !== undefined && dice.chance(60) ? invited : dice.pick([...roles, ...roles, ...invites, 'owner']);
  const member = invited !== undefined && dice.chance(40) ? dice.pick(devices).person.id : drawMember(world);
  return [member, dice.chance(95) ? role : dice.json()];
}

function drawMalformed(world: World): unknown {
  const { dice } = world;
  const set = (key: string, value: JsonValue) => ({ op: 'set', key, value });
  return dice.pick<() => unknown>([
    () => dice.json(3),
    () => [dice.json(3)],
    () => [],
    () => [set(drawMember(world), 'admin'), set('readKey', drawKey(world).id)],
    () => [{ op: 'del', key: drawMember(world) }],
    () => [{ op: 'del', key: 'readKey' }],
    () => [set(dice.pick(['readKey', drawMember(world)]), dice.json())],
    () => Array.from({ length: 50 }, () => dice.json(1)),
    () => ({ 0: set(drawMember(world), 'admin'), length: 1 }),
  ])();
}
