import type { RawAccount, RawGroup } from 'cojson';
import { editAsMember, groupsOf } from './edits.ts';
import { isActive } from './sim-tab.ts';
import type { SimTab, World } from './world.ts';

/** Makes an invited member a reader or a writer, or removes them, as this page knows the group. Returns the trace line. */
export function changeRole(world: World, tab: SimTab): string | undefined {
  const { dice, devices } = world;
  const other = devices.find(({ genesis }) => genesis.accountID !== tab.device.genesis.accountID);
  if (!other) return undefined;
  const { accountID } = other.genesis;
  const group = dice.oneOf(
    groupsOf(tab).filter((group) => group.myRole() === 'admin' && isRole(group.get(accountID))),
  );
  if (!group) return undefined;
  const isRemoval = dice.chance(40);
  if (dice.chance(60)) editOffline(world, accountID);
  void tab.node.load(accountID).then((account) => {
    if (account === 'unavailable' || !tab.isOpen) return;
    const role = group.get(accountID);
    // It may have changed since.
    if (!isRole(role)) return;
    const change = setRole(group, account, isRemoval ? undefined : role === 'reader' ? 'writer' : 'reader');
    world.ledger.edited(tab, group.id, world.history.edited(tab, group, accountID));
    world.note(`${tab.name} ${change} in ${group.id}`);
  });
  return `${tab.name} changes a role in ${group.id}`;
}

/** A device of the member goes on editing, with the role that it still knows, until its network is switched again. */
function editOffline(world: World, accountID: string): void {
  const { dice, devices, time, note } = world;
  const device = dice.oneOf(
    devices.filter(({ isOnline, genesis }) => isOnline && genesis.accountID === accountID),
  );
  if (!device) return;
  device.setOnline(false);
  for (const { links } of device.tabs)
    for (const link of links) link.cut({ tab: true, relay: dice.chance(50) });
  note(`${device.name} is offline`);
  for (let left = dice.between(1, 6); left > 0; left--)
    time.after(dice.between(1, 4_000), () => {
      const tab = world.isOver ? undefined : dice.oneOf(device.tabs.filter(isActive));
      const line = tab && editAsMember(world, tab);
      if (line !== undefined) note(line);
    });
}

/** Without a role, removes the account. */
function setRole(group: RawGroup, account: RawAccount, role: 'reader' | 'writer' | undefined): string {
  if (role) group.addMember(account, role);
  else group.removeMember(account);
  return role ? `makes a member a ${role}` : 'removes a member';
}

function isRole(role: string | undefined): boolean {
  return role === 'reader' || role === 'writer';
}
