import { type Remember, type StorageStatus } from '@MaiaOS/kernel';
import { storageWords } from '../sync/storage-words.ts';
import { bytesWords } from '../ui/format-bytes.ts';

export interface Told {
  readonly title: string;
  readonly text: string;
}

/** What this device keeps. */
export function deviceWords(storage: StorageStatus, remember: Remember): Told {
  if (remember === 'never') {
    return {
      title: 'Nothing is kept here',
      text: 'You chose that when you signed in. Closing this tab loses what the relay has not confirmed.',
    };
  }
  if (storage.state === 'memory-only') {
    const { code } = storage.error ?? {};
    const isRefused = code === undefined || code === 'STORAGE_UNAVAILABLE';
    return {
      title: isRefused ? 'This browser keeps nothing here' : 'Nothing is kept here now',
      text: `${isRefused ? 'Private windows do that, and some settings.' : sentence(storageWords(storage.error).why)} Closing this tab loses what the relay does not have.`,
    };
  }
  if (storage.state === 'failing') {
    return {
      title: `Nothing can be saved: ${storageWords(storage.error).why}`,
      text: 'What was saved before is still here. Writing is tried again by itself.',
    };
  }
  const { usedBytes, quotaBytes } = storage;
  const room = quotaBytes === undefined ? '' : ` The browser allows about ${bytesWords(quotaBytes)}.`;
  return {
    title:
      usedBytes === undefined ? 'Your lists are kept here' : `About ${bytesWords(usedBytes)} are kept here`,
    text: `Encrypted, and yours without a network too. With all accounts of Lists in this browser.${room}`,
  };
}

/** How far what an earlier Lists kept here has been brought to where this one keeps it. */
export function takeoverWords({ takeover, error }: StorageStatus): Told | undefined {
  if (!takeover) return undefined;
  const { done, total } = takeover;
  return {
    title:
      total === 0
        ? 'Moving what an older Lists kept here'
        : `Moving what an older Lists kept here: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`,
    text: error
      ? `It was interrupted, as ${storageWords(error).why}. It is tried again by itself, and everything is here meanwhile.`
      : 'Everything is here meanwhile. Where this tab is closed, it goes on with the next visit.',
  };
}

/** Whether the browser may clear what is here. Undefined where it does not say. */
export function keptWords({ persisted }: StorageStatus, isConfirmed: boolean): Told | undefined {
  if (persisted === undefined) return undefined;
  if (persisted) {
    return { title: 'The browser keeps it', text: 'It does not clear it by itself when space runs low.' };
  }
  return {
    title: 'The browser may clear it when space runs low',
    text: `Lists asks it not to, and some browsers agree once you come often. ${
      isConfirmed ? 'The relay has confirmed all of it.' : 'The relay has not confirmed all of it yet.'
    }`,
  };
}

/** What opens the account on this device the next time. */
export function rememberWords(remember: Remember, hasPasskey: boolean): Told {
  switch (remember) {
    case 'device':
      return {
        title: 'You stay signed in',
        text: 'Whoever uses this browser can open your lists. On a shared computer, sign out and choose “Keep nothing here” when you sign in.',
      };
    case 'passkey':
      return {
        title: 'Each visit asks for you',
        text: `The lists stay, encrypted. ${hasPasskey ? 'Your passkey opens' : 'Your 24 words open'} them, also offline.`,
      };
    case 'never':
      return {
        title: 'You are signed out when this tab closes',
        text: `Or when it is loaded again. Then ${hasPasskey ? 'your passkey' : 'your 24 words'} and the relay open your account.`,
      };
  }
}

/** What signing out leaves behind. */
export function afterSignOutWords(remember: Remember, hasPasskey: boolean): Told {
  if (remember === 'never') {
    return {
      title: 'Signing out leaves nothing',
      text: 'Nothing of this account was written on this device.',
    };
  }
  return {
    title: 'What signing out leaves',
    text: `Your account’s number${hasPasskey ? ' and its passkeys’ ids' : ''}, so that no second account is made here by mistake. The lists and all that opens them are deleted, unless you keep them encrypted.${
      hasPasskey ? ' A passkey that was made on this device stays where it is kept.' : ''
    }`,
  };
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
