import { type KernelError } from '@MaiaOS/kernel';

/** Why this device cannot save edits, and what the user should do. */
export interface StorageText {
  /** The second half of a sentence, without a full stop. */
  readonly why: string;
  /** What to do, as a title. */
  readonly title: string;
  readonly next: string;
}

const goesOn = 'Lists retries automatically, and this notice goes away once they are saved.';

/** Once the relays have everything, closing the tab loses nothing. */
export function storageText(error: KernelError | undefined, isAllConfirmed = false): StorageText {
  const stay = isAllConfirmed ? 'You can close this tab without losing them.' : 'Keep this tab open.';
  switch (error?.code) {
    case 'STORAGE_FULL':
      return {
        why: 'this device’s storage is full',
        title: 'Free some space: your changes are still here',
        next: `${stay} ${goesOn}`,
      };
    case 'STORAGE_CLOSED':
      return {
        why: 'the browser closed this device’s storage',
        title: 'Your changes are still here, in this tab',
        next: `${stay} ${goesOn}`,
      };
    case 'STORAGE_BLOCKED':
      return {
        why: 'another tab is blocking this device’s storage',
        title: isAllConfirmed
          ? 'Close the other Lists tabs'
          : 'Close the other Lists tabs and keep this one open',
        next: goesOn,
      };
    case 'STORAGE_TOO_NEW':
      return {
        why: 'the data here is from a newer version of Lists',
        title: 'Reload Lists once the relay has your latest changes',
        next: 'Reloading opens the newer version, which can save them.',
      };
    case 'STORAGE_UNAVAILABLE':
    case undefined:
      return {
        why: 'this browser does not store data here',
        title: 'Your changes are only in this tab',
        next: isAllConfirmed ? stay : 'Keep this tab open until the relay has them.',
      };
    default:
      return {
        why: 'this device cannot write right now',
        title: 'Your changes are still here, in this tab',
        next: `${stay} ${goesOn}`,
      };
  }
}
