import { RawCoList, RawCoMap, RawGroup, type RawCoValue, type SessionID } from 'cojson';
import type { SimTab, World } from './world.ts';

/** Of all maps. */
export const keys = ['a', 'b', 'c'];

/** Edits a random CoValue, or creates one if the page has none that it may write to. Returns the trace line. */
export function edit(world: World, tab: SimTab): string | undefined {
  const coValue = world.dice.oneOf(writableOf(tab));
  return coValue ? editOne(world, tab, coValue) : create(world, tab);
}

/** Edits what the page may only write to as long as its person is a member. */
export function editAsMember(world: World, tab: SimTab): string | undefined {
  const { accountID } = tab.device.genesis;
  const coValue = world.dice.oneOf(writableOf(tab).filter(({ group }) => group.get(accountID) === 'writer'));
  return coValue && editOne(world, tab, coValue);
}

function editOne(world: World, tab: SimTab, coValue: RawCoValue): string {
  const value = `${tab.name} ${world.ledger.edits.length}`;
  world.history.read(tab);
  const { change, key, isDeletion } = write(world, coValue, value);
  const name = world.history.edited(tab, coValue, key, isDeletion ? undefined : value);
  world.ledger.edited(tab, coValue.id, name);
  return `${tab.name} ${change} in ${coValue.id}`;
}

/** `key`: a map's key or a list's item, as in the history. */
function write(
  { dice, scenario }: World,
  coValue: RawCoValue,
  value: string,
): { readonly change: string; readonly key: string; readonly isDeletion?: boolean } {
  // `opened` may hold an older view.
  const current = coValue.core.getCurrentContent();
  if (current instanceof RawCoList) {
    const items = current.asArray();
    const at = dice.between(0, Math.max(0, items.length - 1));
    // Deletions have no values to follow them by.
    if (!scenario.copies && items.length > 2 && dice.chance(20)) {
      current.delete(at);
      return { change: `deletes item ${at}`, key: String(items[at]), isDeletion: true };
    }
    if (items.length === 0 || dice.chance(60)) current.append(value);
    else current.prepend(value, at);
    return { change: 'adds an item', key: value };
  }
  if (!(current instanceof RawCoMap)) throw new Error('neither a map nor a list');
  const key = dice.oneOf(keys) ?? 'a';
  if (!scenario.copies && dice.chance(10)) {
    current.delete(key);
    return { change: `deletes ${key}`, key, isDeletion: true };
  }
  current.set(key, value, dice.chance(10) ? 'trusting' : 'private');
  return { change: `sets ${key}`, key };
}

/** Creates a map or list, in a new group or in one that the page may write to. */
export function create(world: World, tab: SimTab): string | undefined {
  const { dice } = world;
  world.history.read(tab);
  const group = dice.chance(25) ? undefined : dice.oneOf(groupsOf(tab).filter(isWritable));
  const owner = group ?? createGroup(world, tab);
  const created = dice.chance(70) ? owner.createMap() : owner.createList();
  tab.created(created);
  world.known.add(created.id);
  world.ledger.edited(tab, created.id, world.history.created(tab, created));
  return `${tab.name} creates ${created.type} ${created.id} in ${owner.id}`;
}

function createGroup(world: World, tab: SimTab): RawGroup {
  const group = tab.node.createGroup();
  // Otherwise only this person's devices can read it, until they invite the other person.
  const isPublic = world.dice.chance(world.scenario.roles ? 20 : 60);
  if (isPublic) group.addMember('everyone', 'writer');
  tab.created(group);
  world.known.add(group.id);
  const created = world.history.created(tab, group);
  world.ledger.edited(tab, group.id, isPublic ? world.history.edited(tab, group, 'everyone') : created);
  if (world.scenario.roles && !isPublic) addOther(world, tab, group);
  return group;
}

/** Deletes a map or list permanently; only admins may. */
export function remove(world: World, tab: SimTab): string | undefined {
  const coValue = world.dice.oneOf(
    [...tab.opened.values()].filter(
      (coValue) =>
        !(coValue instanceof RawGroup) && !coValue.core.isDeleted && coValue.group.myRole() === 'admin',
    ),
  );
  if (!coValue) return undefined;
  const { core, id } = coValue;
  const before = new Set(Object.keys(core.knownState().sessions));
  core.deleteCoValue();
  const [sessionID] = Object.keys(core.knownState().sessions).filter((session) => !before.has(session));
  if (sessionID === undefined) throw new Error('The deletion added no session.');
  world.removed.add(id);
  world.ledger.edited(tab, id, world.history.deleted(tab, coValue), sessionID as SessionID);
  return `${tab.name} deletes ${id}`;
}

/** Adds the other person to a group once this page has loaded their account. */
export function invite(world: World, tab: SimTab): string | undefined {
  const group = world.dice.oneOf(groupsOf(tab).filter((group) => group.myRole() === 'admin'));
  return group && addOther(world, tab, group);
}

function addOther(world: World, tab: SimTab, group: RawGroup): string | undefined {
  const other = world.devices.find(({ genesis }) => genesis.accountID !== tab.device.genesis.accountID);
  if (!other) return undefined;
  const { accountID } = other.genesis;
  void tab.node.load(accountID).then((account) => {
    if (account === 'unavailable' || !tab.isOpen) return;
    if (group.roleOf(accountID) !== undefined) return;
    group.addMember(account, 'writer');
    world.ledger.edited(tab, group.id, world.history.edited(tab, group, accountID));
    world.note(`${tab.name} adds a member to ${group.id}`);
  });
  return `${tab.name} invites a member to ${group.id}`;
}

function writableOf({ opened }: SimTab): readonly RawCoValue[] {
  return [...opened.values()].filter((coValue) => !(coValue instanceof RawGroup) && isWritable(coValue));
}

export function groupsOf({ opened }: SimTab): readonly RawGroup[] {
  return [...opened.values()].filter((coValue) => coValue instanceof RawGroup);
}

function isWritable(coValue: RawCoValue): boolean {
  if (coValue.core.isDeleted) return false;
  const group = coValue instanceof RawGroup ? coValue : coValue.group;
  const role = group.myRole();
  if (role !== 'admin' && role !== 'writer') return false;
  // A member who was removed and added again at the same time may lack the key.
  return group.core.getCurrentReadKey().secret !== undefined;
}
