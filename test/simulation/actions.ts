import { create, edit, editAsMember, invite, remove } from './edits.ts';
import { changeRole } from './roles.ts';
import { isActive, openSimTab } from './sim-tab.ts';
import type { Scenario, SimDevice, SimTab, World } from './world.ts';

const maxDevices = 7;

/** Returns its trace line, or undefined if it cannot happen now. */
type Action = (world: World) => string | undefined;

const anyTab = ({ dice, tabs }: World): SimTab | undefined => dice.oneOf(tabs.filter(isActive));
const withTab =
  (act: (world: World, tab: SimTab) => string | undefined): Action =>
  (world) => {
    const tab = anyTab(world);
    return tab && act(world, tab);
  };

const openSomething = withTab(({ dice, known }, tab) => {
  const ids = [...known].filter((id) => !tab.opened.has(id));
  if (ids.length === 0) return undefined;
  const some = Array.from({ length: dice.between(1, 4) }, () => dice.oneOf(ids)).filter(
    (id) => id !== undefined,
  );
  for (const id of some) tab.open(id);
  return `${tab.name} opens ${some.length}`;
});

const editOften = withTab((world, tab) => {
  const count = Array.from({ length: world.dice.between(3, 12) }, () => edit(world, tab)).filter(
    (line) => line !== undefined,
  ).length;
  return count > 0 ? `${tab.name} makes ${count} edits at once` : undefined;
});

const createMany = withTab((world, tab) => {
  const lines = Array.from({ length: world.dice.between(9, 16) }, () => create(world, tab));
  return `${tab.name} creates ${lines.length} CoValues at once`;
});

const startTab: Action = (world) => {
  const device = world.dice.oneOf(
    world.devices.filter(({ tabs, starting, maxTabs }) => tabs.length + starting < maxTabs),
  );
  return device && `${startTabOn(world, device)} starts`;
};

export function startTabOn(world: World, device: SimDevice): string {
  const name = world.nextTabName(device);
  // A browser that has just started may be unable to read.
  if (!world.isOver && world.dice.chance(25)) world.note(breakReads(world, device));
  device.starting++;
  void openSimTab(world, device, name).then((tab) => {
    if (!tab) return;
    // The app's first view opens some of the known CoValues.
    const percent = world.scenario.connectKills ? 15 : 50;
    for (const id of world.known) if (world.dice.chance(percent)) tab.open(id);
  });
  return name;
}

const killDevice: Action = ({ dice, devices }) => {
  const device = dice.oneOf(devices.filter(({ tabs }) => tabs.length > 0));
  for (const tab of [...(device?.tabs ?? [])]) tab.kill();
  return device && `${device.name} is killed`;
};

const killTab = withTab((_, tab) => {
  tab.kill();
  return `${tab.name} is killed`;
});

const closeTab = withTab((_, tab) => {
  // Rejects if the disk fails: queued writes are lost, which the kernel reports.
  tab.close().catch(() => {});
  return `${tab.name} closes`;
});

const closeDevice: Action = ({ dice, devices }) => {
  const device = dice.oneOf(devices.filter(({ tabs }) => tabs.length > 0));
  for (const tab of device?.tabs ?? []) if (tab.isOpen && tab.isReady) tab.close().catch(() => {});
  return device && `all pages of ${device.name} close`;
};

const copyDevice: Action = (world) => {
  const { dice, devices } = world;
  const device = dice.oneOf(devices.filter(({ tabs, starting }) => tabs.length + starting === 0));
  if (!device || devices.length >= maxDevices) return undefined;
  const copy = world.copyDevice(device);
  world.history.copied(device, copy);
  for (const one of [device, copy]) workOffline(world, one);
  return `${device.name} is copied to ${copy.name}`;
};

/** Pages that hear of each other's edits at once seldom make two edits of one place. */
function workOffline(world: World, device: SimDevice): void {
  const { dice, time } = world;
  const later = (maxMs: number, run: () => void) =>
    time.after(dice.between(0, maxMs), () => {
      if (!world.isOver) run();
    });
  if (device.isOnline && dice.chance(70)) {
    device.setOnline(false);
    later(60_000, () => device.setOnline(true));
  }
  later(2_000, () => {
    if (device.tabs.length + device.starting === 0) world.note(`${startTabOn(world, device)} starts`);
    for (let edits = dice.between(0, 6); edits > 0; edits--)
      later(20_000, () => {
        const tab = dice.oneOf(
          device.tabs.filter(({ isOpen, isReady, isFrozen }) => isOpen && isReady && !isFrozen),
        );
        const line = tab && edit(world, tab);
        if (line !== undefined) world.note(line);
      });
  });
}

const hideTab = withTab(({ dice, time }, tab) => {
  const ms = dice.between(1_000, 150_000);
  tab.setVisible(false);
  time.after(ms, () => tab.setVisible(true));
  return `${tab.name} is hidden for ${ms} ms`;
});

const freezeTab = withTab(({ dice, time }, tab) => {
  const ms = dice.between(100, 100_000);
  tab.freeze(ms);
  time.after(ms, tab.thaw);
  return `${tab.name} is frozen for ${ms} ms`;
});

const switchNetwork: Action = ({ dice, devices }) => {
  // Offline devices come back sooner than online ones leave.
  const device = dice.oneOf(devices.filter(({ isOnline }) => !isOnline || dice.chance(40)));
  if (!device) return undefined;
  device.setOnline(!device.isOnline);
  if (!device.isOnline) {
    for (const { links } of device.tabs)
      for (const link of links) link.cut({ tab: true, relay: dice.chance(50) });
  }
  return `${device.name} is ${device.isOnline ? 'online' : 'offline'}`;
};

const cutLink = withTab(({ dice }, tab) => {
  const link = dice.oneOf([...tab.links].filter(({ isOpen }) => isOpen));
  const noticedBy = { tab: dice.chance(60), relay: dice.chance(60) };
  link?.cut(noticedBy);
  return link && `a connection of ${tab.name} is cut ${JSON.stringify(noticedBy)}`;
});

const stallLink = withTab(({ dice }, tab) => {
  const link = dice.oneOf([...tab.links].filter(({ isOpen }) => isOpen));
  const ms = dice.between(100, 15_000);
  link?.stall(ms);
  return link && `a connection of ${tab.name} stalls for ${ms} ms`;
});

const switchRelay: Action = ({ dice, relays }) => {
  const relay = dice.oneOf(relays);
  if (!relay) return undefined;
  if (!relay.isUp) {
    void relay.start();
    return `${relay.name} starts`;
  }
  if (dice.chance(20)) {
    void relay.stop();
    return `${relay.name} stops`;
  }
  relay.kill();
  return `${relay.name} is killed`;
};

const breakRelayDisk: Action = ({ dice, relays, time }) => {
  const relay = dice.oneOf(relays);
  if (!relay) return undefined;
  const ms = dice.between(10, 8_000);
  relay.setFailing(true);
  time.after(ms, () => relay.setFailing(false));
  return `the disk of ${relay.name} fails for ${ms} ms`;
};

const breakDisk: Action = ({ dice, devices, time }) => {
  const device = dice.oneOf(devices);
  if (!device) return undefined;
  const ms = dice.between(10, 8_000);
  device.disk.isFailing = true;
  time.after(ms, () => (device.disk.isFailing = false));
  return `the disk of ${device.name} fails for ${ms} ms`;
};

function breakReads({ dice, time }: World, { name, disk }: SimDevice): string {
  const ms = dice.between(10, 12_000);
  disk.isUnreadable = true;
  time.after(ms, () => (disk.isUnreadable = false));
  return `nothing can be read on ${name} for ${ms} ms`;
}

const breakSomeReads: Action = (world) => {
  const device = world.dice.oneOf(world.devices);
  return device && breakReads(world, device);
};

const setClock: Action = ({ dice, devices }) => {
  const device = dice.oneOf(devices);
  if (!device) return undefined;
  const hours = dice.oneOf([-10_000, -1, 0, 1, 24, 800, 50_000]) ?? 0;
  device.clockErrorMs = hours * 3_600_000;
  return `the clock of ${device.name} is set ${hours} hours ahead`;
};

const takeBackup: Action = ({ dice, relays }) => {
  const relay = dice.oneOf(relays);
  relay?.takeBackup();
  return relay && `${relay.name} is backed up`;
};

const restoreBackup: Action = ({ dice, relays, devices, ledger }) => {
  const relay = dice.oneOf(relays);
  if (!relay) return undefined;
  relay.kill();
  const isRestored = relay.restoreBackup(devices);
  if (isRestored) ledger.restored(relay);
  void relay.start();
  return isRestored ? `${relay.name} is restored to an older state` : `${relay.name} restarts`;
};

const turnAddress: Action = ({ dice, relays, devices, ledger }) => {
  const relay = dice.oneOf(relays);
  if (!relay) return undefined;
  relay.turn(devices);
  ledger.restored(relay);
  return `the address of ${relay.name} leads to ${relay.tables.identity ? 'it again' : 'a stock server'}`;
};

const steer = withTab(({ dice }, tab) => {
  const method = dice.oneOf(['pause', 'resume', 'resume', 'reconnect'] as const) ?? 'resume';
  tab.sync[method]();
  return `${tab.name}: ${method}`;
});

const weights = ({
  restores,
  deletions,
  clockJumps,
  connectKills,
  manyCoValues,
  stock,
  reusedIDs,
  copies,
  roles,
}: Scenario): readonly (readonly [number, Action])[] => [
  [36, withTab(edit)],
  [6, editOften],
  [7, withTab(create)],
  [roles ? 10 : 3, withTab(invite)],
  [roles ? 20 : connectKills ? 4 : 10, openSomething],
  [connectKills ? 8 : 5, startTab],
  [reusedIDs || copies ? 8 : 2, closeTab],
  [4, killTab],
  [2, killDevice],
  [6, switchNetwork],
  [4, cutLink],
  [3, stallLink],
  [4, switchRelay],
  [1, breakRelayDisk],
  [2, breakDisk],
  [2, breakSomeReads],
  [3, steer],
  [clockJumps ? 12 : 1, setClock],
  [2, hideTab],
  [2, freezeTab],
  [manyCoValues ? 4 : 0, createMany],
  [restores ? (connectKills ? 6 : 3) : 0, takeBackup],
  [restores ? (connectKills ? 10 : 2) : 0, restoreBackup],
  [deletions ? 4 : 0, withTab(remove)],
  [stock ? 6 : 0, turnAddress],
  [copies ? 6 : 0, closeDevice],
  [copies ? 10 : 0, copyDevice],
  [roles ? 14 : 0, withTab(changeRole)],
  [roles ? 14 : 0, withTab(editAsMember)],
];

/** Performs a random action. */
export function act(world: World, scenario: Scenario): void {
  const all = weights(scenario);
  let left = world.dice.between(
    1,
    all.reduce((sum, [weight]) => sum + weight, 0),
  );
  const [, action] = all.find(([weight]) => (left -= weight) <= 0) ?? [];
  const line = action?.(world);
  if (line !== undefined) world.note(line);
}
