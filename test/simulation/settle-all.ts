import type { JsonValue, RawCoID } from 'cojson';
import { confirmationsOf } from '../../src/sync/confirmations.ts';
import { beginTabOn } from './actions.ts';
import { isAt, Untrue } from '../../scripts/simulation/record.ts';
import { isDeletedIn, storedCounts } from './relay-tables.ts';
import type { SimTab } from './sim-tab.ts';
import type { World } from './create-world.ts';

/** Longer than any wait of the kernel's, the relay's or cojson's. */
const longestMs = 300_000;
const lookEveryMs = 1_000;

/** All faults end. Everything has to arrive everywhere then, and every state has to say so. Throws `Untrue`. */
export async function settleAll(world: World): Promise<void> {
  const { devices, relays, record } = world;
  world.note('all faults end');
  endFaults(world);
  for (const device of devices) {
    device.disk.isFailing = false;
    if (!device.isOnline) device.setOnline(true);
  }
  for (const relay of relays) relay.setFailing(false);
  await until(world, 'every relay serves', () => {
    for (const relay of relays) if (!relay.isUp) void relay.start();
    return relays.every(({ isUp }) => isUp);
  });
  await until(world, 'every device has a page', () => {
    for (const device of devices) if (device.tabs.length === 0) beginTabOn(world, device);
    return devices.every(
      ({ tabs }) => tabs.length > 0 && tabs.every(({ isOpen, isReady }) => isOpen && isReady),
    );
  });
  for (const { sync } of world.tabs) sync.resume();
  // One that has not noticed yet that its relay ended speaks of the relay that was.
  await until(world, 'every page is at every relay', () =>
    world.tabs.every(({ links }) =>
      relays.every((relay) => [...relay.links].some((link) => link.isOpen && links.has(link))),
    ),
  );
  // A page need not be looked at for its edits to arrive.
  await until(world, 'every state says confirmed', () =>
    world.tabs.every(({ sync }) => {
      const { status, saved, confirmed } = sync.current;
      return status === 'confirmed' && saved.pending === 0 && confirmed.pending === 0;
    }),
  );
  record.check();
  // A tab that was killed as it wrote may have told no other one.
  await until(
    world,
    'no edit is lost',
    () => lostEdits(world).length === 0,
    () => lostEdits(world).slice(0, 3).join('; '),
  );
  await until(world, 'every page has all that it may read', () => {
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
  record.check();
}

/** Bad connections stay as bad as they were planned, so that others have to take their place. */
function endFaults({ faults, tabs }: World): void {
  if (faults.areOver) return;
  faults.end();
  for (const { links } of tabs) for (const link of links) link.cut({ tab: true, relay: true });
}

async function until(
  world: World,
  what: string,
  isSo: () => boolean,
  why: () => string = () => '',
): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += lookEveryMs) {
    if (waitedMs >= longestMs)
      throw new Untrue(`not so after ${longestMs} ms: ${what}. ${why()}${states(world)}`);
    await world.time.advance(lookEveryMs);
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
        const own = node.isCoValueInMemory(id) && node.getCoValue(id).knownState().sessions;
        const all = [own, device.disk.countsOf(id), ...relays.map(({ tables }) => storedCounts(tables, id))];
        return `\n  ${id} here, on the disk and at the relays: ${all.map((each) => JSON.stringify(each)).join('; ')}`;
      });
      return `\n${name}: ${status} ${error?.message ?? ''} ${counts} ${peers.map(({ phase }) => phase).join(',')}${places.join('')}`;
    })
    .join('');
}

/** An edit may go with its page only where it was neither saved nor confirmed before the page was killed. */
function lostEdits({ record, relays, tabs }: World): readonly string[] {
  return record.edits.flatMap((edit) => {
    const { id, count, tab, isSaved, isConfirmed } = edit;
    if (!isSaved && !isConfirmed && !tabs.includes(tab)) return [];
    return relays
      .filter((relay) => !relay.blind.has(tab.device) && !isAt(relay, edit))
      .map(({ name }) => `edit ${count} of ${tab.name} in ${id} is not at ${name}`);
  });
}

/** Where a page has not the very transactions that the relays have. */
function differences(world: World): readonly string[] {
  const { relays, tabs } = world;
  const [first] = relays;
  if (!first) return [];
  return existing(world).flatMap((id) => {
    const stored = stateText(storedCounts(first.tables, id));
    const others = relays.filter(({ tables }) => stateText(storedCounts(tables, id)) !== stored);
    const pages = tabs.filter(({ node }) => stateText(node.getCoValue(id).knownState().sessions) !== stored);
    return [...others, ...pages].map(({ name }) => `${name} has another state of ${id} than ${first.name}`);
  });
}

/** Who deletes what somebody else has deleted already leaves one more deletion, or none. */
function stateText(counts: Readonly<Record<string, number>> | undefined): string {
  return isDeletedIn(counts) ? 'deleted' : textOf(counts);
}

/** What was made by a page that was killed in the same moment may be nowhere. */
function existing({ known, relays }: World): readonly RawCoID[] {
  return [...known].filter((id) => relays.some(({ tables }) => tables.covalues.has(id)));
}

/** One person's devices show the same. */
function compareValues(world: World): void {
  const firstOf = new Map<string, SimTab>();
  for (const tab of world.tabs) {
    const { accountID } = tab.device.genesis;
    const first = firstOf.get(accountID) ?? tab;
    firstOf.set(accountID, first);
    for (const id of existing(world)) {
      const [one, other] = [valueIn(first, id), valueIn(tab, id)];
      if (one !== other) throw new Untrue(`${first.name} shows ${id} as ${one}, and ${tab.name} as ${other}`);
    }
  }
}

function valueIn({ node }: SimTab, id: RawCoID): string {
  const core = node.expectCoValueLoaded(id);
  if (core.isDeleted) return 'deleted';
  const value = core.getCurrentContent().toJSON();
  return Array.isArray(value) ? JSON.stringify(value) : textOf(value);
}

/** Whatever the order of its keys. */
function textOf(value: JsonValue | undefined): string {
  return JSON.stringify(Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
