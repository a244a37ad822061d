import type { LocalNode } from 'cojson';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import type { StorageInspection } from '../../storage/storage-inspection.ts';

/** What may be read of the storage of a node; undefined where it keeps nothing, or is not one of the kernel's. */
export function storageInspectionOf({ storage }: LocalNode): StorageInspection | undefined {
  return (storage as Partial<KernelDeviceStorage> | undefined)?.inspection;
}
