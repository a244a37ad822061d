import { type Remember, type StorageStatus } from '@MaiaOS/kernel';
import { storageText } from '../sync/storage-text.ts';
import { formatBytes } from '../ui/format-bytes.ts';

export interface TitledText {
  readonly title: string;
  readonly text: string;
}

export function deviceText(storage: StorageStatus, remember: Remember): TitledText {
  if (remember === 'never') {
    return {
      title: 'Nothing is saved here',
      text: 'You chose this when you signed in. Closing this tab loses any changes that the relay has not confirmed.',
    };
  }
  if (storage.state === 'memory-only') {
    const { code } = storage.error ?? {};
    const isRefused = code === undefined || code === 'STORAGE_UNAVAILABLE';
    return {
      title: isRefused ? 'This browser does not store data here' : 'Nothing is saved here now',
      text: `${isRefused ? 'This happens in private windows and with some settings.' : sentence(storageText(storage.error).why)} Closing this tab loses any changes that the relay does not have.`,
    };
  }
  if (storage.state === 'failing') {
    return {
      title: `Nothing can be saved: ${storageText(storage.error).why}`,
      text: 'Everything saved before is still here. Lists retries automatically.',
    };
  }
  const { usedBytes, quotaBytes } = storage;
  const room = quotaBytes === undefined ? '' : ` The browser allows about ${formatBytes(quotaBytes)}.`;
  return {
    title:
      usedBytes === undefined ? 'Your lists are saved here' : `About ${formatBytes(usedBytes)} is saved here`,
    text: `Encrypted and available offline. Includes all Lists accounts in this browser.${room}`,
  };
}

/** The progress of migrating an older version's data. */
export function takeoverText({ takeover, error }: StorageStatus): TitledText | undefined {
  if (!takeover) return undefined;
  const { done, total } = takeover;
  return {
    title:
      total === 0
        ? 'Moving data from an older version of Lists'
        : `Moving data from an older version of Lists: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`,
    text: error
      ? `Moving stopped because ${storageText(error).why}. Lists retries automatically, and all your lists stay available.`
      : 'All your lists stay available. If you close this tab, moving continues on your next visit.',
  };
}

/** Whether the browser may evict this data. Undefined if it does not report that. */
export function keptText({ persisted }: StorageStatus, isConfirmed: boolean): TitledText | undefined {
  if (persisted === undefined) return undefined;
  if (persisted) {
    return {
      title: 'The browser protects this data',
      text: 'The browser does not delete it automatically when space runs low.',
    };
  }
  return {
    title: 'The browser may delete this data when space runs low',
    text: `Lists has asked it not to; some browsers agree after frequent visits. ${
      isConfirmed ? 'The relay has confirmed all of it.' : 'The relay has not confirmed all of it yet.'
    }`,
  };
}

export function rememberText(remember: Remember, hasPasskey: boolean): TitledText {
  switch (remember) {
    case 'device':
      return {
        title: 'You stay signed in',
        text: 'Anyone who uses this browser can open your lists. On a shared computer, sign out, then choose “Keep nothing here” when you sign in.',
      };
    case 'passkey':
      return {
        title: 'You sign in on each visit',
        text: `Your lists stay here, encrypted. ${hasPasskey ? 'Your passkey opens' : 'Your 24 words open'} them, even offline.`,
      };
    case 'never':
      return {
        title: 'You are signed out when this tab closes',
        text: `Reloading the tab also signs you out. To open your account again, you need ${hasPasskey ? 'your passkey' : 'your 24 words'} and the relay.`,
      };
  }
}

export function afterSignOutText(remember: Remember, hasPasskey: boolean): TitledText {
  if (remember === 'never') {
    return {
      title: 'Nothing remains after signing out',
      text: 'This account was never saved on this device.',
    };
  }
  return {
    title: 'What remains after signing out',
    text: `Your account ID${hasPasskey ? ' and its passkeys’ IDs stay' : ' stays'} here so that you do not create a second account by mistake. Your lists and their keys are deleted, unless you keep them encrypted.${
      hasPasskey ? ' Passkeys created on this device stay in your passkey manager.' : ''
    }`,
  };
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
