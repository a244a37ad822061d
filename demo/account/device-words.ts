import { type StorageStatus } from '@MaiaOS/kernel';

/** What this device keeps, from what the browser says about it. */
export function deviceWords(storage: StorageStatus): { readonly title: string; readonly text: string } {
  if (storage.state === 'memory-only') {
    return {
      title: 'This browser keeps nothing here',
      text: 'Private windows do that, and some settings. Closing this tab loses what the relay does not have.',
    };
  }
  if (storage.state === 'failing') {
    return {
      title:
        storage.error?.code === 'STORAGE_FULL'
          ? 'The storage is full'
          : 'The storage does not take anything now',
      text: 'What was saved before is still here. Writing is tried again by itself.',
    };
  }
  return {
    title:
      storage.usedBytes === undefined
        ? 'Your lists are kept here'
        : `${bytesWords(storage.usedBytes)} are kept here`,
    text: `Encrypted, and yours without a network too.${roomWords(storage)}`,
  };
}

function roomWords({ persisted, quotaBytes }: StorageStatus): string {
  const room = quotaBytes === undefined ? '' : ` The browser allows about ${bytesWords(quotaBytes)}.`;
  return persisted === false
    ? `${room} It may clear them when space runs low; the relay has what it confirmed.`
    : room;
}

function bytesWords(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'] as const;
  let size = bytes / 1000;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size.toLocaleString('en', { maximumFractionDigits: size < 10 ? 1 : 0 })} ${units[unit] ?? 'kB'}`;
}
