import { need } from './need.ts';
import { countsOf, send } from './messages.ts';
import { readLedger, settledCount } from './ledger.ts';
import { storeBehind } from './relays.ts';
import {
  clone,
  coValueOf,
  isDeletion,
  type Channel,
  type Device,
  type Model,
  type RelayRecord,
  type Slot,
  type World,
} from './world.ts';

const maxLast = 8;
/** Of a channel whose generation could not be written: it delivers, and its words count for nothing. */
export const unsavedGeneration = -1;

/** The relay's hello and the record meet in one transaction. Returns false if that cannot be written. */
export function beginChannel(world: World, model: Model, index: number, relay: number): void | false {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = need(tab.channels[relay]);
  let record = device.relays[relay] ?? null;
  const isOther = record && (record.epoch !== channel.epoch || (channel.durable && !record.durable));
  if (!record || (isOther && model.fault !== 'lossIgnored')) {
    if (device.full) {
      if (!model.has('unsavedGeneration')) return false;
      channel.generation = unsavedGeneration;
      return askAboutMemory(world, index, relay);
    }
    record = createRecord(world, model, tab.device, relay, channel);
    device.relays[relay] = record;
  } else if (record.durable && !channel.durable && model.has('promiseWithdrawn')) {
    if (device.full) return false;
    record.durable = false;
  }
  channel.generation = record.generation;
  channel.lastToCheck = clone(record.last);
  for (const [slot] of channel.lastToCheck) ask(channel, tab.memory, coValueOf(slot), 'last');
  if (model.has('holdRefill')) askAboutMemory(world, index, relay);
  tab.view = readLedger(device);
  tab.viewDeleted = [...device.deleted];
  tab.truth = null;
  channel.suspected = {};
  channel.settled =
    record.audit === null
      ? Object.fromEntries(
          Object.entries(device.stored)
            .filter(([slot]) => !isOpenOtherwise(model, device, slot))
            .map(([slot, log]) => [slot, settledCount(device, relay, slot, log.length)]),
        )
      : {};
}

/** Debts that name only a CoValue, or that a deletion ended, leave open what is settled. */
function isOpenOtherwise(model: Model, device: Device, slot: Slot): boolean {
  const coValue = coValueOf(slot);
  if (device.named.some((debt) => debt.charAt(1) === coValue)) return true;
  return model.has('deletedHere') && device.deleted.includes(coValue) && !isDeletion(slot);
}

export function askAboutMemory(world: World, index: number, relay: number): void {
  const tab = need(world.tabs[index]);
  for (const coValue of new Set(Object.keys(tab.memory).map(coValueOf)))
    ask(need(tab.channels[relay]), tab.memory, coValue, 'join');
}

export function ask(
  channel: Channel,
  memory: Record<Slot, string>,
  of: string,
  why: 'join' | 'last' | 'again' | 'debt' | 'probe',
): void {
  send(channel, { is: 'ask', of, counts: countsOf(memory, of), why }, why === 'again');
}

function createRecord(
  world: World,
  model: Model,
  device: number,
  relay: number,
  channel: Channel,
): RelayRecord {
  const owner = need(world.devices[device]);
  const generation = model.has('freshGenerations')
    ? owner.nextGeneration++
    : (owner.relays[relay]?.generation ?? 0) + 1;
  world.lossesAt[`${device}.${relay}.${generation}`] = storeBehind(world, relay, channel).losses;
  return { generation, epoch: channel.epoch, durable: channel.durable, audit: 0, last: [] };
}

/** The relay denied something settled: a new generation, unless another tab has begun one. */
export function beginGeneration(world: World, model: Model, index: number, relay: number): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = need(tab.channels[relay]);
  const record = device.relays[relay];
  if (model.fault === 'lossIgnored') return;
  if (!record || (record.generation !== channel.generation && model.has('ownGeneration'))) {
    tab.channels[relay] = null;
    return;
  }
  if (record.generation !== channel.generation) {
    channel.generation = record.generation;
    return;
  }
  const lossesAt = world.lossesAt[`${tab.device}.${relay}.${record.generation}`] ?? 0;
  if (need(world.relays[relay]).losses === lossesAt && channel.replaced === null)
    world.broken = 'T8: a loss is told that was none';
  if (device.full) return;
  device.relays[relay] = createRecord(world, model, tab.device, relay, channel);
  channel.generation = device.relays[relay].generation;
  channel.lastToCheck = [];
  channel.openAudits = 0;
  channel.suspected = {};
  channel.settled = {};
  if (tab.view) tab.view = readLedger(device);
}

export function joinLast(
  record: Device['relays'][number],
  counts: readonly [Slot, number][],
  isJoined: boolean,
  max = maxLast,
): void {
  if (!record) return;
  const fresh: [Slot, number][] = [];
  for (const entry of counts.toReversed()) if (!fresh.some(([slot]) => slot === entry[0])) fresh.push(entry);
  const names = new Set(fresh.map(([slot]) => slot));
  const kept = isJoined ? record.last.filter(([slot]) => !names.has(slot)) : [];
  record.last = [...fresh, ...kept].slice(0, max);
}
