import {
  coValueOf,
  clone,
  deletionOf,
  isDeletion,
  isEqual,
  type Counts,
  type Device,
  type Ledger,
  type Model,
  type Slot,
} from './world.ts';

export const relayKey = (relay: number, slot: Slot): string => `${relay}.${slot}`;
export const saidKey = (relay: number, generation: number, slot: Slot): string =>
  `${relay}.${generation}.${slot}`;

export function raise(counts: Record<string, number>, key: string, count: number): void {
  if (count > (counts[key] ?? 0)) counts[key] = count;
}

export const readLedger = (device: Ledger): Ledger => clone(ledgerOf(device));

/** Whether a tab has read what the ledger holds now. */
export const hasRead = (view: Ledger | null, device: Ledger): boolean => isEqual(view, ledgerOf(device));

const ledgerOf = ({ owed, owedAt, said, named, namedSaid, relays }: Ledger): Ledger => ({
  owed,
  owedAt,
  said,
  named,
  namedSaid,
  relays,
});

export function owedAt(ledger: Ledger, relay: number, slot: Slot): number {
  return Math.max(ledger.owed[slot] ?? 0, ledger.owedAt[relayKey(relay, slot)] ?? 0);
}

export function saidBy(ledger: Ledger, relay: number, slot: Slot): number {
  const record = ledger.relays[relay];
  return record ? (ledger.said[saidKey(relay, record.generation, slot)] ?? 0) : 0;
}

/** Whether a deletion has ended the debts of this slot. */
export function isVoid(model: Model, ledger: Ledger, deleted: readonly string[], slot: Slot): boolean {
  if (isDeletion(slot)) return false;
  const coValue = coValueOf(slot);
  return model.has('voidByStored')
    ? deleted.includes(coValue)
    : ledger.owed[deletionOf(coValue)] !== undefined;
}

export function isPending(
  model: Model,
  ledger: Ledger,
  deleted: readonly string[],
  { relay, slot }: { relay: number; slot: Slot },
): boolean {
  if (isVoid(model, ledger, deleted, slot)) return false;
  return owedAt(ledger, relay, slot) > saidBy(ledger, relay, slot);
}

/** Every slot that some debt names. */
export function owedSlots(ledger: Ledger): Slot[] {
  const atRelays = Object.keys(ledger.owedAt).map((key) => key.slice(key.indexOf('.') + 1));
  return [...new Set([...Object.keys(ledger.owed), ...atRelays])].toSorted();
}

export function isAnyPending(model: Model, device: Device): boolean {
  return owedSlots(device).some((slot) =>
    device.relays.some((_, relay) => isPending(model, device, device.deleted, { relay, slot })),
  );
}

/** The count that this relay had settled; infinite while it is pending, as nothing is known then. */
export function settledCount(ledger: Ledger, relay: number, slot: Slot, stored: number): number {
  const [owed, said] = [owedAt(ledger, relay, slot), saidBy(ledger, relay, slot)];
  return Math.min(owed > said ? said : Infinity, stored);
}

/** A compaction: keeps what is pending at some recorded relay. */
export function foldLedger(model: Model, device: Device, base: Ledger = device): void {
  const [owed, atRelays, said]: [Counts, Counts, Counts] = [{}, {}, {}];
  const relays = device.relays.flatMap((record, relay) => (record ? [relay] : []));
  for (const slot of owedSlots(base)) {
    const pendingAt = relays.filter((relay) =>
      isPending(model, { ...base, relays: device.relays }, device.deleted, { relay, slot }),
    );
    if (pendingAt.length === 0 && relays.length > 0) continue;
    if (isVoid(model, base, device.deleted, slot)) continue;
    if (base.owed[slot] !== undefined) owed[slot] = base.owed[slot];
    for (const relay of relays) {
      const key = relayKey(relay, slot);
      if (pendingAt.includes(relay) && base.owedAt[key] !== undefined) atRelays[key] = base.owedAt[key];
    }
  }
  for (const [key, count] of Object.entries(base.said)) {
    const [relay = '', generation = '', slot = ''] = key.split('.');
    if (device.relays[Number(relay)]?.generation !== Number(generation)) continue;
    const isKept = owed[slot] !== undefined || atRelays[relayKey(Number(relay), slot)] !== undefined;
    if (isKept || !model.has('savedOnly')) said[key] = count;
  }
  device.owed = owed;
  device.owedAt = atRelays;
  device.said = said;
}
