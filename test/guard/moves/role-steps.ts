import { holderOf } from '../nodes.ts';
import { judgeAhead } from './group-moves.ts';
import { groupOn, publish } from './honest-steps.ts';
import { groupNames, type GroupName } from './model.ts';
import { attackerRoles, newAttacker, type World } from './world.ts';

/** Alice gives an attacker another role, or takes it. */
export function changeRoles(world: World): void {
  const { dice, model, attackers, hasManager } = world;
  const name = dice.pick(groupNames);
  const last = model.states.length - 1;
  const roleOf = (id: string) => model.states[last]?.roles[name].get(id) ?? 'revoked';
  const present = attackers.filter(({ id }) => roleOf(id) !== 'revoked');
  const isInvite = (id: string) => roleOf(id).endsWith('Invite');
  const kind = dice.byWeight([
    [6, 'remove'],
    [3, 'give'],
    [2, 'invite'],
    [1, 'everyone'],
  ] as const);
  if (kind === 'remove' && present.length > 0) return change(world, name, dice.pick(present).id, 'revoked');
  if (kind === 'invite') {
    const role = dice.pick(hasManager ? [...attackerRoles, 'manager' as const] : attackerRoles);
    return change(world, name, undefined, role);
  }
  if (kind === 'everyone')
    return change(
      world,
      name,
      'everyone',
      roleOf('everyone') === 'revoked' ? dice.pick(['reader', 'writer']) : 'revoked',
    );
  const plain = attackers.filter(({ id, name: who }) => who !== 'stranger' && !isInvite(id));
  if (plain.length === 0) return;
  const roles = hasManager ? ([...attackerRoles, 'manager'] as const) : attackerRoles;
  change(world, name, dice.pick(plain).id, dice.pick(roles));
}

/** Without a member, it makes an invite. */
export function change(world: World, name: GroupName, member: string | undefined, role: string): void {
  const { devices, model, log, clock, groupIDs } = world;
  const [main] = devices;
  const session = main.node.currentSessionID;
  const before = { top: main.countOf(groupIDs.top, session), low: main.countOf(groupIDs.low, session) };
  const groups = { top: groupOn(main, world, 'top'), low: groupOn(main, world, 'low') };
  const had = new Map(
    groupNames.flatMap((one) =>
      [...log.piecesOf(groupIDs[one]).keys()].map((id) => [`${one} ${id}`, main.countOf(groupIDs[one], id)]),
    ),
  );
  let changed = member;
  try {
    if (member === undefined) {
      const holder = newAttacker('link', holderOf(groups[name].createInvite(role as 'reader')));
      world.attackers.push(holder);
      changed = holder.id;
    } else if (role === 'revoked') groups[name].removeMember(member as 'everyone');
    else groups[name].addMember(member as 'everyone', role as 'reader');
  } catch (error) {
    if (!model.disturbed.has(name))
      world.breaches.push(`role: alice cannot change ${member} to ${role} in ${name}: ${String(error)}`);
    if (changed === undefined) return;
  }
  publish(world, main);
  const counts = { top: main.countOf(groupIDs.top, session), low: main.countOf(groupIDs.low, session) };
  const dates = groupNames.flatMap((one) =>
    (
      main.node.getCoValue(groupIDs[one] as 'co_z1').verified?.getSession(session as never)?.transactions ??
      []
    )
      .slice(before[one], counts[one])
      .map(({ madeAt }) => madeAt),
  );
  if (dates.length === 0) dates.push(clock.nowMs);
  const fromMs = Math.min(...dates);
  // Alice makes a change again after what others date ahead.
  const untilMs = Math.max(...dates.filter((ms) => ms < fromMs + 60_000));
  const rest = { counts, fromMs, untilMs };
  const given = member === undefined ? `${role}Invite` : role;
  model.change(name, String(changed), given, (sessionID) => had.get(`${name} ${sessionID}`) ?? 0, rest);
  judgeAhead(world, String(changed));
}
