import type { RawCoID } from '../../../src/engine/content.ts';
import type { KernelDeviceStorage } from '../../../src/storage/kernel-device-storage.ts';
import { pendingDebts, type Confirmation, type Debt, type Ledger } from '../../../src/storage/ledger.ts';

/** The ledger that every persistent storage of the kernel has. */
export function ledgerOf({ ledger }: KernelDeviceStorage): Ledger {
  if (!ledger) throw new Error('The storage has no ledger.');
  return ledger;
}

export function debtOf(id: RawCoID, more: Partial<Debt> = {}): Debt {
  return { id, session: 'a', count: 1, sinceMs: 1, ...more };
}

export function confirmationOf(id: RawCoID, more: Partial<Confirmation> = {}): Confirmation {
  return { relayID: 'r', generation: 0, id, session: 'a', count: 1, ...more };
}

/** IDs of what any recorded relay lacks, as read from the disk. */
export async function pendingIn(storage: KernelDeviceStorage): Promise<readonly RawCoID[]> {
  return [...pendingDebts(await ledgerOf(storage).read(), []).keys()].toSorted();
}
