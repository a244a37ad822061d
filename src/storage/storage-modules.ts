import { createLazyModule } from '../base/lazy-module.ts';
import type { StorageKind } from './device-storage.ts';

/** Needed only once an account opens. */
export const kernelStorageModule = /* @__PURE__ */ createLazyModule(
  () => import('./kernel/kernel-storage.ts'),
);

/** Separate, because few apps use it. */
export const stockStorageModule = /* @__PURE__ */ createLazyModule(
  () => import('./stock/indexeddb-storage.ts'),
);

/** Fetches the code of a storage. Rejects with KERNEL_NOT_LOADED. */
export async function loadStorage(kind: StorageKind): Promise<void> {
  if (kind === 'kernel') await kernelStorageModule.load();
  if (kind === 'cojson-indexeddb') await stockStorageModule.load();
}
