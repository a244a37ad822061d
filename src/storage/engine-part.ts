import { createPart } from '../platform/part.ts';
import type { StorageKind } from './device-storage.ts';

/** The storage engine: nothing needs it before an account is opened. */
export const enginePart = /* @__PURE__ */ createPart(() => import('./kernel/kernel-storage.ts'));

/** Few apps want it, and the others need not fetch it. */
export const stockPart = /* @__PURE__ */ createPart(() => import('./stock/indexeddb-storage.ts'));

/** Fetches what such a storage is opened with. Rejects with KERNEL_NOT_LOADED. */
export async function loadStorage(kind: StorageKind): Promise<void> {
  if (kind === 'kernel') await enginePart.load();
  if (kind === 'cojson-indexeddb') await stockPart.load();
}
