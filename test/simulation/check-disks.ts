import { covers, type KnownCounts } from '../../src/engine/known-counts.ts';
import { pendingDebts, type LedgerContents, type PendingDebts } from '../../src/storage/ledger.ts';
import { FalseClaim } from './false-claim.ts';
import { isDeletedIn, isStoredIn, serverAt } from './relay-tables.ts';
import type { Edit, SimDevice, SimRelay, World } from './world.ts';

/** Returns a check that compares what devices have stored with what their ledgers say. It throws `FalseClaim`. */
export function createDiskChecks(world: World): () => void {
  const checked = new Map<SimDevice, readonly unknown[]>();
  return () => {
    for (const device of world.devices) {
      // Reading a ledger takes long.
      const now = [
        device.disk.commits,
        world.ledger.edits.length,
        ...world.relays.map(({ tables }) => tables),
      ];
      if (checked.get(device)?.every((value, index) => value === now[index])) continue;
      checked.set(device, now);
      const contents = device.disk.ledger.contents();
      checkWords(world, device);
      for (const relay of world.relays) checkDebts(world, device, relay, contents);
    }
  };
}

/**
 * Nothing ends a debt but what the relay has said to the page itself, in the generation that its record names. Of the page's
 * own edits only what is stored, because another edit may get the place of one that is not.
 */
function checkWords({ words, ledger }: World, { disk }: SimDevice): void {
  for (const written of disk.takeConfirmations()) {
    const { by, relayID, id, session, count } = written;
    // A word that the ledger drops, because it knows a later generation, is of an earlier server.
    if (!written.isKept) continue;
    const said = words.countsAt(by, serverAt(relayID, written.storage), id)[session] ?? 0;
    const place = `${count} of …${session.slice(-6)} in ${id}`;
    if (said < count) throw new FalseClaim(`never said by ${relayID} to ${by}: ${place}, but ${said}`);
    if (written.isOutdated)
      throw new FalseClaim(`never said by ${relayID} in its generation, but written by ${by}: ${place}`);
    const isOwn = ledger.edits.some((edit) => edit.tab.name === by && edit.sessionID === session);
    if (isOwn && !written.isStored)
      throw new FalseClaim(`never stored by ${by}, but written as said by ${relayID}: ${place}`);
  }
}

/** What pages of this device wrote and stored, and the server that its record names has never had, is pending. */
function checkDebts(world: World, device: SimDevice, relay: SimRelay, contents: LedgerContents): void {
  const record = device.relays.get(relay.id);
  // Everything on the device is to be compared with the relay.
  if (!record || record.refill) return;
  const pending = pendingDebts(contents, [relay.id]);
  const tables = relay.tablesOf(record);
  for (const edit of world.ledger.edits) {
    if (device.disk.hasForgotten(edit.id, edit.sessionID)) continue;
    if (edit.tab.device !== device || isStoredIn(tables, edit) || relay.hasGoneBack(edit)) continue;
    if (!isOwed(device, relay, edit, pending.get(edit.id)))
      throw new FalseClaim(
        `neither at ${relay.name} nor pending on ${device.name}: edit ${edit.count} of ${edit.tab.name} (…${edit.sessionID.slice(-6)}) in ${edit.id}`,
      );
  }
}

function isOwed(
  { disk }: SimDevice,
  { id: relayID }: SimRelay,
  edit: Edit,
  debts: PendingDebts | undefined,
): boolean {
  const { id, sessionID, count, tab } = edit;
  // What a killed page had not written may come back from another relay, which forwards it.
  if (!disk.isWrittenBy(tab.name, id, sessionID, count)) return true;
  const need: KnownCounts = count === 0 ? { header: 1 } : { [sessionID]: count };
  if (!debts) return false;
  // Only the deletion has to arrive, or another one.
  if (isDeletedIn(disk.countsOf(id))) return true;
  const isConfirmed = covers(debts.confirmed.get(relayID) ?? {}, need);
  return !isConfirmed && (debts.whole.length > 0 || covers(debts.need, need));
}
