import { need } from './need.ts';
import { spend, spendable } from './budget.ts';
import { foldLedger, raise } from './ledger.ts';

import {
  coValueOf,
  commonLength,
  deletionOf,
  firstCopy,
  heldBy,
  isDeletion,
  sessionOf,
  slotsOf,
  type Device,
  type Model,
  type Slot,
  type Step,
  type Store,
  type World,
  type Write,
} from './world.ts';

/** Commits the first write in a tab's queue, in one transaction with its debt. */
export function commitWrite(world: World, model: Model, index: number): void {
  const { scenario, fault } = model;
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const write = need(tab.queue[0]);
  const owe = () => {
    if (write.owed === 0) return;
    if (scenario.named) device.named.push(nameDebt(model, device, write.slot, tab.session));
    else raise(device.owed, write.slot, write.owed);
  };
  if (scenario.beside && !write.hasDebt) {
    owe();
    write.hasDebt = true;
    return;
  }
  tab.queue.shift();
  if (write.copies && model.has('copyClaimed') && hasOtherCopy(device, write)) {
    // Another tab was first; its copy comes by reading.
    tab.memory[write.slot] = device.stored[write.slot] ?? '';
    if (tab.memory[write.slot] === '') delete tab.memory[write.slot];
    return;
  }
  if (write.displaces) return displace(world, model, device, write.displaces);
  if (device.version === 3) {
    if (!device.marks.includes(coValueOf(write.slot))) device.marks.push(coValueOf(write.slot));
  } else if (!scenario.beside && fault !== 'debtAfter') owe();
  store(device, write.slot, write.log);
}

/** Whether another session holds these pieces, besides the one that they are displaced from. */
function hasOtherCopy(device: Device, { slot, copies = '' }: Write): boolean {
  return slotsOf(device.stored, coValueOf(slot)).some(
    (other) =>
      other !== slot &&
      Number(sessionOf(other)) >= firstCopy &&
      [...copies].some((letter) => need(device.stored[other]).includes(letter)),
  );
}

/** Stores content; one transaction. */
export function store(device: Device, slot: Slot, log: string): void {
  const before = device.stored[slot] ?? '';
  const coValue = coValueOf(slot);
  if (device.deleted.includes(coValue) && !isDeletion(slot)) return;
  if (!log.startsWith(before) || log.length === before.length) return;
  device.stored[slot] = log;
  device.segments.push([device.nextKey++, slot]);
  if (isDeletion(slot)) {
    device.deleted.push(coValue);
    for (const record of device.relays)
      if (record) record.last = record.last.filter(([other]) => coValueOf(other) !== coValue);
  }
  if (!isDeletion(slot) && device.sessions.includes(sessionOf(slot)))
    for (const letter of log) if (!device.saved.includes(letter)) device.saved += letter;
}

/** A debt that says only which CoValue. */
function nameDebt(model: Model, device: Device, slot: Slot, session: string): string {
  const coValue = coValueOf(slot);
  return model.has('namedDebts')
    ? `*${coValue}:${device.stored[slot]?.length ?? 0}${session}`
    : `*${coValue}`;
}

/** Moves what a fork displaced to `aside`, and takes the relay's history in its place. */
function displace(
  world: World,
  model: Model,
  device: Device,
  { slot, theirs, copy }: { slot: Slot; theirs: string; copy: Slot },
): void {
  const mine = device.stored[slot] ?? '';
  const from = commonLength(mine, theirs);
  const pieces = mine.slice(from);
  if (pieces === '') return;
  device.aside.push({ slot, pieces, copy });
  if (!device.ended.includes(slot)) device.ended.push(slot);
  device.stored[slot] = theirs;
  if (theirs === '') delete device.stored[slot];
  if (!model.has('forkEndsFacts')) return;
  for (const record of device.relays)
    if (record) record.last = record.last.filter(([other]) => other !== slot);
  delete device.owed[slot];
  for (const key of Object.keys(device.owedAt)) if (key.endsWith(`.${slot}`)) delete device.owedAt[key];
  for (const key of Object.keys(device.said)) if (key.endsWith(`.${slot}`)) delete device.said[key];
  if (theirs !== '') device.owed[slot] = theirs.length;
  for (const tab of world.tabs) tab.words = tab.words.filter((word) => word.slot !== slot);
}

/** What the browser and any tab do with the database. */
export function* diskSteps(world: World, model: Model, at: number): Iterable<Step> {
  const { isFair } = model;
  const device = need(world.devices[at]);
  const running = world.tabs.findIndex((tab) => tab.device === at && tab.page === 'running' && tab.view);
  const isOpen = !device.isSignedOut && device.version === 4;

  if (device.full && (isFair || spendable(world, 'full')))
    yield {
      name: 'the disk has room again',
      kind: 'room',
      run: (next) => void (need(next.devices[at]).full = false),
    };
  if (!device.full && !isFair && spendable(world, 'full'))
    yield {
      name: 'the disk is full',
      kind: 'harm',
      run(next) {
        spend(next, 'full');
        need(next.devices[at]).full = true;
      },
    };
  if (isOpen && !device.full && !isFair && running >= 0) {
    if (spendable(world, 'fold'))
      yield {
        name: 'the ledger is compacted',
        kind: 'harm',
        run(next) {
          spend(next, 'fold');
          const target = need(next.devices[at]);
          foldLedger(
            model,
            target,
            model.fault === 'foldOutside' ? (need(next.tabs[running]).view ?? target) : target,
          );
        },
      };
    if (spendable(world, 'segments') && device.segments.length > 1)
      yield {
        name: 'segments are compacted',
        kind: 'harm',
        run(next) {
          spend(next, 'segments');
          const target = need(next.devices[at]);
          const { relays } = model.has('segmentsGuard') ? target : (need(next.tabs[running]).view ?? target);
          if (relays.some((record) => record && record.audit !== null)) return false;
          for (const segment of target.segments) segment[0] = need(target.segments[0])[0];
        },
      };
    for (const [relay, record] of device.relays.entries())
      if (record && spendable(world, 'forget'))
        yield {
          name: `the record of relay ${relay + 1} is dropped`,
          kind: 'harm',
          run(next) {
            spend(next, 'forget');
            const target = need(next.devices[at]);
            target.relays[relay] = null;
            foldLedger(model, target);
          },
        };
  }
  if (isOpen && !device.full)
    for (const coValue of device.deleted)
      if (slotsOf(device.stored, coValue).length > 1 && (isFair || spendable(world, 'erase')))
        yield {
          name: `the history of ${coValue} is erased`,
          kind: 'erase',
          run(next) {
            if (!isFair) spend(next, 'erase');
            const target = need(next.devices[at]);
            for (const slot of slotsOf(target.stored, coValue)) {
              if (isDeletion(slot)) continue;
              target.kept[slot] = need(target.stored[slot]);
              delete target.stored[slot];
              target.segments = target.segments.filter(([, other]) => other !== slot);
            }
          },
        };
  if (isOpen && !isFair && spendable(world, 'undo'))
    for (const coValue of model.scenario.coValues)
      if (world.relays.some((relay) => heldBy(relay)[deletionOf(coValue)] === 'E'))
        yield {
          name: `the group of ${coValue} shows that its deletion was not allowed`,
          kind: 'harm',
          run(next) {
            spend(next, 'undo');
            undoDeletion(next, model, coValue);
          },
        };
}

/** What a relay held before it took the deletion. */
function loseDiscarded(world: World, store: Store, coValue: string): void {
  const relay = world.relays.indexOf(store);
  if (relay < 0) return;
  const before = heldBy({ history: store.history.filter(([slot]) => !isDeletion(slot)) });
  store.losses++;
  for (const slot of slotsOf(before, coValue))
    world.lost.push({ relay, slot, log: need(before[slot]), losses: store.losses });
}

/** Everybody learns at once that the deletion never counted; relays have lost what they discarded. */
function undoDeletion(world: World, model: Model, coValue: string): void {
  const deletion = deletionOf(coValue);
  for (const relay of [...world.relays, ...world.replaced])
    if (heldBy(relay)[deletion] !== undefined) loseDiscarded(world, relay, coValue);
  for (const relay of [...world.relays, ...world.replaced])
    relay.history = relay.history.filter(
      ([slot], index) =>
        slot !== deletion &&
        !(coValueOf(slot) === coValue && index < relay.history.findIndex(([other]) => other === deletion)),
    );
  for (const tab of world.tabs) {
    delete tab.memory[deletion];
    tab.queue = tab.queue.filter((write) => write.slot !== deletion);
    tab.channels = tab.channels.map(() => null);
    tab.view = null;
  }
  for (const device of world.devices) {
    const wasDeleted = device.deleted.includes(coValue);
    delete device.stored[deletion];
    device.deleted = device.deleted.filter((other) => other !== coValue);
    delete device.owed[deletion];
    for (const slot of slotsOf({ ...device.kept, ...device.stored }, coValue)) {
      const log = device.kept[slot] ?? need(device.stored[slot]);
      delete device.kept[slot];
      if (device.stored[slot] === undefined) device.segments.push([device.nextKey++, slot]);
      device.stored[slot] = log;
      if (!wasDeleted || !model.has('restoredAnew')) continue;
      for (const key of Object.keys(device.said)) if (key.endsWith(`.${slot}`)) delete device.said[key];
      device.owed[slot] = log.length;
    }
    for (const tab of world.tabs) tab.words = tab.words.filter(({ slot }) => coValueOf(slot) !== coValue);
  }
}
