import { RawCoList, RawCoMap, RawGroup, type RawCoValue, type SessionID } from 'cojson';
import type { SimTab } from './sim-tab.ts';
import type { World } from './create-world.ts';

const keys = ['a', 'b', 'c'];

/** Something that a person writes, or undefined where this page has nothing that it may write to. */
export function edit(world: World, tab: SimTab): string | undefined {
  const { dice } = world;
  const coValue = dice.oneOf(
    [...tab.opened.values()].filter((each) => !(each instanceof RawGroup) && isWritable(each)),
  );
  if (!coValue) return create(world, tab);
  const value = `${tab.name} ${world.record.edits.length}`;
  const what = write(world, coValue, value);
  world.record.made(tab, coValue.id);
  return `${tab.name} ${what} in ${coValue.id}`;
}

function write({ dice }: World, coValue: RawCoValue, value: string): string {
  // `opened` may hold an older view of it.
  const current = coValue.core.getCurrentContent();
  if (current instanceof RawCoList) {
    const items = current.asArray();
    const at = dice.between(0, Math.max(0, items.length - 1));
    if (items.length > 2 && dice.chance(20)) {
      current.delete(at);
      return `deletes item ${at}`;
    }
    if (items.length === 0 || dice.chance(60)) current.append(value);
    else current.prepend(value, at);
    return 'adds an item';
  }
  if (!(current instanceof RawCoMap)) throw new Error('neither a map nor a list');
  const key = dice.oneOf(keys) ?? 'a';
  if (dice.chance(10)) {
    current.delete(key);
    return `deletes ${key}`;
  }
  current.set(key, value, dice.chance(10) ? 'trusting' : 'private');
  return `sets ${key}`;
}

/** A map or a list in a group that this page may write to, or in a new one. */
export function create(world: World, tab: SimTab): string | undefined {
  const { dice } = world;
  const group = dice.chance(25) ? undefined : dice.oneOf(groupsOf(tab).filter(isWritable));
  const owner = group ?? createGroup(world, tab);
  const made = dice.chance(70) ? owner.createMap() : owner.createList();
  tab.made(made);
  world.known.add(made.id);
  world.record.made(tab, made.id);
  return `${tab.name} makes ${made.type} ${made.id} in ${owner.id}`;
}

function createGroup(world: World, tab: SimTab): RawGroup {
  const group = tab.node.createGroup();
  // Else only this person's devices may read it, until somebody is invited.
  if (world.dice.chance(60)) group.addMember('everyone', 'writer');
  tab.made(group);
  world.known.add(group.id);
  world.record.made(tab, group.id);
  return group;
}

/** A map or a list is deleted for good, by somebody who may do that. */
export function remove(world: World, tab: SimTab): string | undefined {
  const coValue = world.dice.oneOf(
    [...tab.opened.values()].filter(
      (each) => !(each instanceof RawGroup) && !each.core.isDeleted && each.group.myRole() === 'admin',
    ),
  );
  if (!coValue) return undefined;
  const { core, id } = coValue;
  const before = new Set(Object.keys(core.knownState().sessions));
  core.deleteCoValue();
  const [sessionID] = Object.keys(core.knownState().sessions).filter((each) => !before.has(each));
  if (sessionID === undefined) throw new Error('A deletion has left nothing.');
  world.record.made(tab, id, sessionID as SessionID);
  return `${tab.name} deletes ${id}`;
}

/** The other person becomes a member, once this page has their account. */
export function invite(world: World, tab: SimTab): string | undefined {
  const group = world.dice.oneOf(groupsOf(tab).filter((each) => each.myRole() === 'admin'));
  const other = world.devices.find(({ genesis }) => genesis.accountID !== tab.device.genesis.accountID);
  if (!group || !other) return undefined;
  const { accountID } = other.genesis;
  void tab.node.load(accountID).then((account) => {
    if (account === 'unavailable' || !tab.isOpen) return;
    if (group.roleOf(accountID) !== undefined) return;
    group.addMember(account, 'writer');
    world.record.made(tab, group.id);
    world.note(`${tab.name} adds a member to ${group.id}`);
  });
  return `${tab.name} looks for a member for ${group.id}`;
}

function groupsOf({ opened }: SimTab): readonly RawGroup[] {
  return [...opened.values()].filter((each) => each instanceof RawGroup);
}

function isWritable(coValue: RawCoValue): boolean {
  if (coValue.core.isDeleted) return false;
  const group = coValue instanceof RawGroup ? coValue : coValue.group;
  const role = group.myRole();
  return role === 'admin' || role === 'writer';
}
