import { need } from './need.ts';
import { isPending, owedAt, owedSlots, saidBy } from './ledger.ts';
import { isBeyondStored } from './courier.ts';
import {
  coValueOf,
  commonLength,
  deletionOf,
  firstCopy,
  heldBy,
  isDeletion,
  sessionOf,
  type Device,
  type Logs,
  type Model,
  type Slot,
  type World,
} from './world.ts';

/** Returns what a state breaks, beginning with the invariant of TRUTH.md. */
export function findViolation(world: World, model: Model): string | undefined {
  if (world.broken) return world.broken;
  const stale = staleView(world, model);
  if (stale) return stale;
  for (const [at, device] of world.devices.entries()) {
    if (device.isSignedOut || device.version === 3) continue;
    const missing =
      unowedContent(world, at, device) ??
      storedReplay(world, device) ??
      lostContent(device) ??
      writtenTwice(device);
    if (missing) return missing;
  }
  return undefined;
}

/** T5: a tab counts something as confirmed that the ledger it should have read does not. */
function staleView(world: World, model: Model): string | undefined {
  for (const { view, truth, viewDeleted } of world.tabs) {
    if (!view || !truth) continue;
    for (const [relay, record] of view.relays.entries()) {
      if (!record || record.audit !== null) continue;
      for (const slot of owedSlots(truth)) {
        const where = { relay, slot };
        if (
          isPending(model, truth, viewDeleted, where) &&
          !isPending(model, view, viewDeleted, where) &&
          truth.relays[relay]?.generation === record.generation &&
          saidBy(view, relay, slot) === saidBy(truth, relay, slot) &&
          owedAt(view, relay, slot) === 0
        )
          return 'T5: a tab takes as confirmed what it did not read';
      }
    }
  }
  return undefined;
}

/** T1: what is stored, and not at a relay, is pending there; except a loss since the generation began. */
function unowedContent(world: World, at: number, device: Device): string | undefined {
  for (const [relay, record] of device.relays.entries()) {
    if (!record || record.audit !== null) continue;
    const held = heldBy(need(world.relays[relay]));
    for (const [slot, log] of Object.entries(device.stored)) {
      const coValue = coValueOf(slot);
      if (!isDeletion(slot) && device.deleted.includes(coValue)) continue;
      if (!isOwn(device, slot) || isSettledByOther(device, held, slot)) continue;
      if (held[deletionOf(coValue)] !== undefined) continue;
      const same = commonLength(held[slot] ?? '', log);
      if (same === log.length || (isDeletion(slot) && held[slot] !== undefined)) continue;
      const [owed, said] = [owedAt(device, relay, slot), saidBy(device, relay, slot)];
      if (owed >= log.length && said <= same) continue;
      if (isNamed(device, relay, slot)) continue;
      const begun = world.lossesAt[`${at}.${relay}.${record.generation}`] ?? 0;
      const wasLost = world.lost.some(
        (loss) =>
          loss.relay === relay &&
          loss.slot === slot &&
          loss.losses > begun &&
          (owed >= log.length && owed > said ? loss.log.length >= said : loss.log.startsWith(log)),
      );
      if (wasLost) continue;
      return `T1: “${slot}: ${log}” is stored, relay ${relay + 1} has “${held[slot] ?? ''}”, owed ${owed}, said ${said}, no audit`;
    }
  }
  return undefined;
}

/** A relay may keep another history of a session that forked, if no edit of this device is only here. */
function isSettledByOther(device: Device, held: Logs, slot: Slot): boolean {
  if (!device.ended.includes(slot)) return false;
  const log = need(device.stored[slot]);
  const same = commonLength(held[slot] ?? '', log);
  if (same === Math.min(held[slot]?.length ?? 0, log.length)) return false;
  const elsewhere = Object.entries(device.stored)
    .flatMap(([other, letters]) => (other === slot ? [] : [letters]))
    .join('');
  return [...log.slice(same)].every((letter) => !device.made.includes(letter) || elsewhere.includes(letter));
}

const isOwn = (device: Device, slot: Slot): boolean =>
  isDeletion(slot) || device.sessions.includes(sessionOf(slot));

function isNamed(device: Device, relay: number, slot: Slot): boolean {
  const generation = device.relays[relay]?.generation;
  return device.named.some(
    (debt) =>
      debt.charAt(1) === coValueOf(slot) && !device.namedSaid.includes(`${relay}.${generation}.${debt}`),
  );
}

/** G1: own edits behind content that was signed for another place are refused everywhere. */
function storedReplay({ signedFor }: World, device: Device): string | undefined {
  for (const [slot, log] of Object.entries(device.stored))
    for (const letter of log)
      if (!signedFor[letter]?.includes(slot))
        return `G1: “${letter}”, signed for another place, is stored in ${slot}`;
  return undefined;
}

/** T9: own content that was saved is stored, aside, or deleted. */
function lostContent(device: Device): string | undefined {
  const here = Object.values(device.stored).join('') + device.aside.map(({ pieces }) => pieces).join('');
  const ended = Object.values(device.kept).join('');
  const lost = [...device.saved].find((letter) => !here.includes(letter) && !ended.includes(letter));
  return lost && `T9: “${lost}” was saved and is nowhere on the device`;
}

/** TABS-10: what a fork displaced is written again once. */
function writtenTwice(device: Device): string | undefined {
  const slots = Object.entries(device.stored).filter(([slot]) => !device.ended.includes(slot));
  for (const letter of device.saved) {
    const holding = slots.filter(([, log]) => log.includes(letter)).map(([slot]) => slot);
    const copies = holding.filter((slot) => Number(sessionOf(slot)) >= firstCopy);
    if (copies.length > 1) return `TABS-10: “${letter}” is written again twice, in ${copies.join(' and ')}`;
  }
  return undefined;
}

/** T7 and T8 at rest: everything saved has arrived at every relay, and nothing is pending. */
export function findUnrest(world: World, model: Model): string | undefined {
  for (const [at, device] of world.devices.entries()) {
    if (device.isSignedOut) continue;
    for (const [relay, store] of world.relays.entries()) {
      const held = heldBy(store);
      if (model.scenario.staysFull) continue;
      const unrest = lackingAt(device, held, relay) ?? pendingAt(world, model, at, relay);
      if (unrest) return unrest;
      if (device.relays[relay] && device.relays[relay].audit !== null)
        return `T7: the audit of relay ${relay + 1} never ends`;
    }
    if (device.aside.length > 0) return 'T9: what a fork displaced stays aside for ever';
  }
  if (!model.scenario.staysFull) return undefined;
  for (const tab of world.tabs)
    for (const [slot, log] of Object.entries(tab.memory))
      for (const store of world.relays)
        if (tab.page === 'running' && !heldBy(store)[slot]?.startsWith(log))
          return `T7: the disk is full, and nobody delivers “${slot}: ${log}”, which tab ${world.tabs.indexOf(tab) + 1} holds`;
  return undefined;
}

function lackingAt(device: Device, held: Logs, relay: number): string | undefined {
  for (const coValue of device.deleted)
    if (held[deletionOf(coValue)] === undefined)
      return `T3: relay ${relay + 1} never gets the deletion of ${coValue}`;
  for (const [slot, log] of Object.entries(device.stored)) {
    if (
      device.deleted.includes(coValueOf(slot)) ||
      held[deletionOf(coValueOf(slot))] !== undefined ||
      isDeletion(slot)
    )
      continue;
    if (!isOwn(device, slot) || isSettledByOther(device, held, slot)) continue;
    if (!held[slot]?.startsWith(log))
      return `T8: at rest relay ${relay + 1} has “${held[slot] ?? ''}” of “${slot}: ${log}”`;
  }
  return undefined;
}

function pendingAt(world: World, model: Model, at: number, relay: number): string | undefined {
  const device = need(world.devices[at]);
  const tab = world.tabs.findIndex((other) => other.device === at);
  for (const slot of owedSlots(device))
    if (isPending(model, device, device.deleted, { relay, slot }) && !isBeyondStored(world, model, tab, slot))
      return `T7: at rest “${slot}” is pending at relay ${relay + 1} for ever: owed ${owedAt(device, relay, slot)}, said ${saidBy(device, relay, slot)}, stored “${device.stored[slot] ?? ''}”`;
  return undefined;
}
