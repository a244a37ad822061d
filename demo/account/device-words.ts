import { type Remember, type StorageStatus } from '@MaiaOS/kernel';

export interface Told {
  readonly title: string;
  readonly text: string;
}

/** What this device keeps, from what the browser says about it. */
export function deviceWords(
  storage: StorageStatus,
  remember: Remember,
  size: { readonly usedBytes: number | undefined; readonly quotaBytes: number | undefined },
): Told {
  if (remember === 'never') {
    return {
      title: 'Nothing is kept here',
      text: 'You chose that when you signed in. Closing this tab loses what the relay has not confirmed.',
    };
  }
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
  const { usedBytes, quotaBytes } = size;
  const room = quotaBytes === undefined ? '' : ` The browser allows about ${bytesWords(quotaBytes)}.`;
  return {
    title:
      usedBytes === undefined ? 'Your lists are kept here' : `About ${bytesWords(usedBytes)} are kept here`,
    text: `Encrypted, and yours without a network too. With all accounts of Lists in this browser.${room}`,
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

export function bytesWords(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'] as const;
  let size = bytes / 1000;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size.toLocaleString('en', { maximumFractionDigits: size < 10 ? 1 : 0 })} ${units[unit] ?? 'kB'}`;
}
