import type { JsonValue, RawCoID } from 'cojson';
import { confirmationsOf } from '../../src/sync/confirmations.ts';
import { startTabOn } from './actions.ts';
import { checkCounting, unreported } from './check-counting.ts';
import { FalseClaim } from './false-claim.ts';
import { isStoredAt } from './ledger.ts';
import { isDeletedIn, storedCounts } from './relay-tables.ts';
import type { SimTab, World } from './world.ts';

/** Longer than any timeout of the kernel, the relay or cojson. */
const maxWaitMs = 300_000;
const checkIntervalMs = 1_000;

/** Ends all faults, then waits until all data is everywhere and every state reports it. Throws `FalseClaim`. */
export async function settleAll(world: World): Promise<void> {
  const { devices, relays, ledger } = world;
  world.isOver = true;
  world.note('all faults end');
  endFaults(world);
  for (const device of devices) {
    device.disk.isFailing = device.disk.isUnreadable = false;
    if (!device.isOnline) device.setOnline(true);
  }
  for (const relay of relays) relay.setFailing(false);
  for (const tab of world.tabs) {
    tab.thaw();
    tab.setVisible(true);
  }
  await until(world, 'every relay serves', () => {
    for (const relay of relays) if (!relay.isUp) void relay.start();
    return relays.every(({ isUp }) => isUp);
  });
  await until(world, 'every device has a page', () => {
    for (const device of devices) if (device.tabs.length + device.starting === 0) startTabOn(world, device);
    return devices.every(
      ({ tabs }) => tabs.length > 0 && tabs.every(({ isOpen, isReady }) => isOpen && isReady),
    );
  });
  for (const { sync } of world.tabs) sync.resume();
  // A page that has not noticed that its relay ended still reports the state of the old process.
  await until(world, 'every page is connected to every relay', () =>
    world.tabs.every(({ links }) =>
      relays.every((relay) => [...relay.links].some((link) => link.isOpen && links.has(link))),
    ),
  );
  // Edits must arrive whether or not another page reads them.
  await until(world, 'every state is confirmed', () =>
    world.tabs.every(({ sync }) => {
      const { status, saved, confirmed } = sync.current;
      return status === 'confirmed' && saved.pending === 0 && confirmed.pending === 0;
    }),
  );
  ledger.check();
  // A tab killed while writing may not have notified the others.
  await until(
    world,
    'no edit is lost',
    () => lostEdits(world).length === 0,
    () => lostEdits(world).slice(0, 3).join('; '),
  );
  await until(world, 'every page has loaded all that it may read', () => {
    const ids = existing(world);
    for (const tab of world.tabs) for (const id of ids) if (!tab.opened.has(id)) tab.open(id);
    return world.tabs.every((tab) => ids.every((id) => tab.opened.has(id)));
  });
  await until(
    world,
    'every page has what the relays have',
    () => differences(world).length === 0,
    () => differences(world).slice(0, 3).join('; '),
  );
  compareValues(world);
  await until(
    world,
    'every page reports what does not count',
    () => unreported(world, existing(world)).length === 0,
    () => unreported(world, existing(world)).slice(0, 3).join('; '),
  );
  checkCounting(world, existing(world));
  ledger.check();
}

/** An open connection keeps its faults, so cut them all. New connections have none. */
function endFaults({ faults, tabs }: World): void {
  if (faults.areOver) return;
  faults.end();
  for (const { links } of tabs) for (const link of links) link.cut({ tab: true, relay: true });
}

async function until(
  world: World,
  condition: string,
  isMet: () => boolean,
  why: () => string = () => '',
): Promise<void> {
  for (let waitedMs = 0; !isMet(); waitedMs += checkIntervalMs) {
    if (waitedMs >= maxWaitMs)
      throw new FalseClaim(`still unmet after ${maxWaitMs} ms: ${condition}. ${why()}${states(world)}`);
    await world.time.advance(checkIntervalMs);
  }
}

function states({ tabs, relays }: World): string {
  return tabs
    .map(({ name, node, sync, device }) => {
      const { status, saved, sent, confirmed, peers, error } = sync.current;
      const counts = `${saved.pending}/${sent.pending}/${confirmed.pending}`;
      const waiting = confirmationsOf(sync)?.pendingAt;
      const stuck = new Set([...(waiting?.('saved') ?? []), ...(waiting?.('confirmed') ?? [])]);
      const places = [...stuck].map((id) => {
        const inMemory = node.isCoValueInMemory(id) && node.getCoValue(id).knownState().sessions;
        const all = [
          inMemory,
          device.disk.countsOf(id),
          ...relays.map(({ tables }) => storedCounts(tables, id)),
        ];
        return `\n  ${id} in memory, on the disk and at the relays: ${all.map((counts) => JSON.stringify(counts)).join('; ')}`;
      });
      return `\n${name}: ${status} ${error?.message ?? ''} ${counts} ${peers.map(({ phase }) => phase).join(',')}${places.join('')}`;
    })
    .join('');
}

/** An edit may be lost only if its page was killed before it was saved or confirmed. */
function lostEdits({ ledger, relays, tabs }: World): readonly string[] {
  return ledger.edits.flatMap((edit) => {
    const { id, sessionID, count, tab, isSaved, isConfirmed } = edit;
    // Written again under another session; the history follows it by its value.
    if (tab.device.disk.hasForgotten(id, sessionID)) return [];
    if (!isSaved && !isConfirmed && !tabs.includes(tab)) return [];
    return relays
      .filter((relay) => !isStoredAt(relay, edit) && !relay.excuses(tab.device, edit))
      .map(({ name }) => `edit ${count} of ${tab.name} in ${id} is not at ${name}`);
  });
}

/** Pages and relays whose transactions differ from the first relay's. */
function differences(world: World): readonly string[] {
  const { relays, tabs } = world;
  const [first] = relays;
  if (!first) return [];
  return existing(world).flatMap((id) => {
    const stored = stateText(storedCounts(first.tables, id));
    const others = relays.filter(({ tables }) => stateText(storedCounts(tables, id)) !== stored);
    const pages = tabs.filter(({ node }) => stateText(node.getCoValue(id).knownState().sessions) !== stored);
    return [...others, ...pages].map(
      ({ name }) => `${name} and ${first.name} have different states of ${id}`,
    );
  });
}

/** Concurrent deletions may leave one or several deletion sessions. */
function stateText(counts: Readonly<Record<string, number>> | undefined): string {
  return isDeletedIn(counts) ? 'deleted' : textOf(counts);
}

/**
 * A CoValue whose page was killed right after creating it may be lost. One that a device has saved comes back when the
 * device opens it, even if the device could not detect that a restore lost it.
 */
function existing({ known, relays, ledger }: World): readonly RawCoID[] {
  const saved = new Set(ledger.edits.flatMap(({ id, isSaved }) => (isSaved ? id : [])));
  return [...known].filter((id) => saved.has(id) || relays.some(({ tables }) => tables.covalues.has(id)));
}

/** Checks that one person's devices show the same values. */
function compareValues(world: World): void {
  const firstTabByAccount = new Map<string, SimTab>();
  for (const tab of world.tabs) {
    const { accountID } = tab.device.genesis;
    const first = firstTabByAccount.get(accountID) ?? tab;
    firstTabByAccount.set(accountID, first);
    for (const id of existing(world)) {
      const [one, other] = [valueIn(first, id), valueIn(tab, id)];
      if (one !== other)
        throw new FalseClaim(`${first.name} shows ${id} as ${one}, and ${tab.name} as ${other}`);
    }
  }
}

function valueIn({ node }: SimTab, id: RawCoID): string {
  const core = node.expectCoValueLoaded(id);
  if (core.isDeleted) return 'deleted';
  const value = core.getCurrentContent().toJSON();
  return Array.isArray(value) ? JSON.stringify(value) : textOf(value);
}

/** Independent of the order of keys. */
function textOf(value: JsonValue | undefined): string {
  return JSON.stringify(Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
