import { type KernelError } from '@MaiaOS/kernel';

/** Why this device does not keep what is edited, in the person's words, and what that asks of the person. */
export interface StorageWords {
  /** The second half of a sentence, without a full stop. */
  readonly why: string;
  /** What to do, as a title. */
  readonly title: string;
  readonly next: string;
}

const goesOn = 'It is tried again by itself, and this goes away when they are saved.';

export function storageWords(error: KernelError | undefined): StorageWords {
  switch (error?.code) {
    case 'STORAGE_FULL':
      return {
        why: 'this device’s storage is full',
        title: 'Free some space: your words are still here',
        next: `Leave this tab open. ${goesOn}`,
      };
    case 'STORAGE_CLOSED':
      return {
        why: 'the browser closed this device’s storage',
        title: 'Your words are still here, in this tab',
        next: `Leave this tab open. ${goesOn}`,
      };
    case 'STORAGE_BLOCKED':
      return {
        why: 'another tab holds this device’s storage',
        title: 'Close the other tabs of Lists, and leave this one open',
        next: goesOn,
      };
    case 'STORAGE_TOO_NEW':
      return {
        why: 'a newer Lists keeps its own form here',
        title: 'Load Lists again once the relay has your last changes',
        next: 'That brings the newer Lists, which can save them.',
      };
    case 'STORAGE_UNAVAILABLE':
    case undefined:
      return {
        why: 'this browser keeps nothing here',
        title: 'Your words are in this tab only',
        next: 'Leave it open until the relay has them.',
      };
    default:
      return {
        why: 'this device cannot write it now',
        title: 'Your words are still here, in this tab',
        next: `Leave this tab open. ${goesOn}`,
      };
  }
}
