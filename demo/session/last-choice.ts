import { type Remember } from '@MaiaOS/kernel';

/** It stands in the open: it says nothing about anybody. */
const key = 'lists-remember';

/** What was chosen on this device the last time. */
export function lastChoice(storage = () => localStorage): Remember {
  return whereAllowed(() => storage().getItem(key)) === 'passkey' ? 'passkey' : 'device';
}

/** Who wants nothing kept here gets no mark of that choice either. */
export function keepChoice(choice: Remember, storage = () => localStorage): void {
  if (choice === 'passkey') whereAllowed(() => storage().setItem(key, choice));
  else if (choice === 'device') whereAllowed(() => storage().removeItem(key));
}

/** A browser that keeps nothing for this page refuses by a DOMException. Then the choice is made anew each time. */
function whereAllowed<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
