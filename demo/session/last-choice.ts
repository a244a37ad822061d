import { type Remember } from '@MaiaOS/kernel';

/** Stored unencrypted: it reveals nothing about the account. */
const key = 'lists-remember';

/** The last "remember me" choice on this device. */
export function lastChoice(storage = () => localStorage): Remember {
  return whereAllowed(() => storage().getItem(key)) === 'passkey' ? 'passkey' : 'device';
}

/** Stores nothing for 'never', so that this choice leaves no trace. */
export function keepChoice(choice: Remember, storage = () => localStorage): void {
  if (choice === 'passkey') whereAllowed(() => storage().setItem(key, choice));
  else if (choice === 'device') whereAllowed(() => storage().removeItem(key));
}

/** Browsers that block storage throw a DOMException; then the default applies. */
function whereAllowed<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
