import type { LocalNode, RawCoList, RawCoMap, RawCoStream, RawGroup } from 'cojson';
import type { BoundAccount } from '../bound-account.ts';
import { attacker, crypto, holderOf } from '../nodes.ts';
import type { Clock } from './clock.ts';
import { openDevice, personWithAccount, personWithAgent, type Device } from './device.ts';
import type { Dice } from './dice.ts';
import { createLog } from './log.ts';
import { createModel, groupNames, type GroupName } from './model.ts';
import { attackerRoles, feed, keyOf, newAttacker, type Attacker, type Value, type World } from './world.ts';

export async function createWorld(dice: Dice, clock: Clock, account: BoundAccount): Promise<World> {
  const alice = dice.chance(60) ? personWithAccount('alice', account) : personWithAgent('alice');
  const [bob, carol] = [personWithAgent('bob'), personWithAgent('carol')];
  const main = await openDevice(alice);
  const hasManager = dice.chance(30);
  const log = createLog();
  const machine = attacker();
  const world = { dice, clock, log, machine, hasManager };
  const takeAll = (node: LocalNode, ids: readonly string[]) => {
    for (const id of ids) {
      const pieces = log.take(node, id);
      if (pieces.length === 0) feed(machine, log, { id });
      for (const piece of pieces) feed(machine, log, piece);
    }
  };
  if (alice.id.startsWith('co_')) takeAll(main.node, [alice.id]);

  const groups = {
    top: main.node.createGroup(),
    low: main.node.createGroup(),
    side: main.node.createGroup(),
  };
  const mapping = dice.pick(['extend', 'extend', 'reader', 'writer'] as const);
  groups.low.extend(groups.top, mapping === 'extend' ? undefined : mapping);
  const roles: Record<GroupName, Map<string, string>> = { top: new Map(), low: new Map() };
  const give = (name: GroupName, id: string, role: string) => {
    clock.nowMs += 10;
    groups[name].addMember(id as 'everyone', role as 'reader');
    roles[name].set(id, role);
  };
  for (const name of groupNames) roles[name].set(alice.id, 'admin');
  give('top', bob.id, 'writer');
  give('low', carol.id, dice.pick(['writer', 'reader']));
  const attackers: Attacker[] = [newAttacker('stranger')];
  const kinds = dice.shuffle([...attackerRoles, 'removed', 'link', ...(hasManager ? ['manager'] : [])]);
  for (const name of ['manager', ...kinds].slice(hasManager ? 0 : 1, 4)) {
    const group = dice.pick(groupNames);
    if (name === 'link') {
      clock.nowMs += 10;
      const role = dice.pick(attackerRoles);
      const holder = newAttacker('link', holderOf(groups[group].createInvite(role)));
      roles[group].set(holder.id, `${role}Invite`);
      attackers.push(holder);
      continue;
    }
    const one = newAttacker(name);
    attackers.push(one);
    give(
      group,
      one.id,
      name === 'removed' ? dice.pick(['writer', 'reader', hasManager ? 'manager' : 'writer']) : name,
    );
  }
  clock.nowMs += 10;
  const values = createValues(dice, groups);
  takeAll(
    main.node,
    [...Object.values(groups), ...values].map(({ id }) => id),
  );

  // Alice's old phone, which wrote a little and is not used any more.
  const phone = await openDevice(alice);
  for (const id of log.ids()) phone.takeIn(log, id, [...log.piecesOf(id).values()].flat());
  const retired = writeByPhone(phone, attackers, groups.side, values);
  takeAll(phone.node, log.ids());
  const devices = [main, await openDevice(bob), await openDevice(carol)] as const;
  if (dice.chance(40)) Object.assign(devices, { 3: await openDevice(alice) });
  for (const device of devices)
    for (const id of log.ids()) device.takeIn(log, id, [...log.piecesOf(id).values()].flat());

  const countsOf = (name: GroupName) => log.countOf(groups[name].id, main.node.currentSessionID);
  const counts = { top: countsOf('top'), low: countsOf('low') };
  const model = createModel({ roles, fromMs: 0, untilMs: clock.nowMs, counts }, mapping);
  const keys = groupNames.map((group) => ({ group, key: keyOf(groups[group]), state: 0, lastState: 0 }));
  return {
    ...world,
    model,
    devices: [...devices] as unknown as World['devices'],
    attackers,
    groupIDs: { top: groups.top.id, low: groups.low.id, side: groups.side.id },
    values,
    written: new Map(),
    edits: [],
    keys,
    ahead: [],
    planted: Array.from({ length: 3 }, () => crypto.newRandomKeySecret()),
    retired: retired.map(({ id }) => ({
      pieces: log.piecesOf(id).get(phone.node.currentSessionID) ?? [],
      author: alice.id,
    })),
    breaches: [],
  };
}

function createValues(dice: Dice, groups: Readonly<Record<GroupName, RawGroup>>): readonly Value[] {
  return groupNames.flatMap((group) => {
    const owner = groups[group];
    const kinds = ['map', ...dice.shuffle(['map', 'list', 'stream', 'text']).slice(0, 2)] as Value['kind'][];
    return kinds.map((kind, place) => {
      const { id } =
        kind === 'map'
          ? owner.createMap()
          : kind === 'list'
            ? owner.createList()
            : kind === 'stream'
              ? owner.createStream()
              : owner.createPlainText('text');
      return { label: `${group}-${kind}-${place}`, id, kind, group };
    });
  });
}

/** Gives roles in another group, where attackers may have any, and writes into some values. */
function writeByPhone(
  { node }: Device,
  attackers: readonly Attacker[],
  { id: sideID }: RawGroup,
  values: readonly Value[],
): readonly { readonly id: string }[] {
  const side = node.expectCoValueLoaded(sideID).getCurrentContent() as RawGroup;
  for (const { id } of attackers)
    if (side.get(id as 'everyone') === undefined) side.addMember(id as never, 'admin');
  const used = values.filter(({ kind }) => kind !== 'text').filter((_, place) => place % 2 === 0);
  for (const { id, kind, label } of used) {
    const content = node.expectCoValueLoaded(id as 'co_z1').getCurrentContent();
    for (const privacy of ['private', 'trusting'] as const) {
      const text = `phone|${label}|${privacy}`;
      if (kind === 'map') (content as RawCoMap).set(`phone-${privacy}`, text, privacy);
      else if (kind === 'list') (content as RawCoList).append(text, undefined, privacy);
      else (content as RawCoStream).push(text, privacy);
    }
  }
  return [side, ...used];
}
