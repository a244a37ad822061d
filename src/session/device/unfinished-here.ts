import { isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { unlessDeviceFails } from './prepare-device.ts';
import type { UnfinishedPasskey, UnfinishedPasskeys } from './unfinished-passkeys.ts';

/** This device's notes and, where it keeps none or fails, this page's. Never rejects. */
export interface UnfinishedHere extends UnfinishedPasskeys {
  /** True if the note ends with the page. */
  isInPage(credentialID: string): boolean;
  /** Call when an account has the passkey. Its record on this device has already replaced the device's note. */
  finished(credentialID: string): void;
}

const inPage = new Map<string, UnfinishedPasskey>();

export function unfinishedHere(device: UnfinishedPasskeys | undefined, logger: Logger): UnfinishedHere {
  return {
    async list(addTo) {
      const onDevice = (await unlessDeviceFails(device?.list(addTo), logger)) ?? [];
      const others = [...inPage.values()].filter((passkey) => passkey.addTo === addTo);
      return [...others.toReversed(), ...onDevice];
    },

    get: async (credentialID) =>
      inPage.get(credentialID) ?? unlessDeviceFails(device?.get(credentialID), logger),

    async note(passkey) {
      inPage.delete(passkey.credentialID);
      try {
        if (device) return await device.note(passkey);
      } catch (error) {
        if (!isKernelError(error)) throw error;
        logger.warn(error.message, { code: error.code });
      }
      inPage.set(passkey.credentialID, { v: 1, ...passkey, isUnfinished: true });
    },

    async forget(credentialID) {
      inPage.delete(credentialID);
      await unlessDeviceFails(device?.forget(credentialID), logger);
    },

    isInPage: (credentialID) => inPage.has(credentialID),
    finished: (credentialID) => void inPage.delete(credentialID),
  };
}
