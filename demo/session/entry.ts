import {
  resumeSession,
  signInWithPasskey,
  signInWithRecoveryPhrase,
  signUpWithPasskey,
  signUpWithRecoveryPhrase,
  type Remember,
  type Session,
} from '@MaiaOS/kernel';

/** What a person asks for at the gate. */
export type Entry =
  | {
      readonly kind: 'sign-up' | 'sign-up-with-words';
      /** How the account is called on this device; empty for a name with date and time. */
      readonly name: string;
      /** A further account on a device that has one. */
      readonly isAnother: boolean;
    }
  | { readonly kind: 'sign-in' }
  /** An account that this device keeps. */
  | { readonly kind: 'known'; readonly accountID: string }
  | { readonly kind: 'phrase'; readonly phrase: string };

export interface Entered {
  readonly session: Session;
  /** Made just now, so that nothing of it can be elsewhere. */
  readonly isNew: boolean;
  readonly remember: Remember;
  /** The words of an account that was made without a passkey: seen by nobody so far. */
  readonly phrase?: string;
}

const appName = 'Lists';

export async function enter(entry: Entry, remember: Remember, signal: AbortSignal): Promise<Entered> {
  const options = { remember, signal, appName };
  switch (entry.kind) {
    case 'sign-up':
      return { session: await signUpWithPasskey({ ...options, ...accountOf(entry) }), isNew: true, remember };
    case 'sign-up-with-words':
      return {
        ...(await signUpWithRecoveryPhrase({ ...options, ...accountOf(entry) })),
        isNew: true,
        remember,
      };
    case 'sign-in':
      return { session: await signInWithPasskey(options), isNew: false, remember };
    case 'phrase':
      return { session: await signInWithRecoveryPhrase(entry.phrase, options), isNew: false, remember };
    case 'known': {
      const { accountID } = entry;
      const resumed = await resumeSession({ accountID, signal });
      if (resumed) return { session: resumed, isNew: false, remember: 'device' };
      return { session: await signInWithPasskey({ ...options, accountID }), isNew: false, remember };
    }
  }
}

function accountOf({ name, isAnother }: Entry & { kind: 'sign-up' | 'sign-up-with-words' }) {
  return { anotherAccount: isAnother, ...(name !== '' && { name }) };
}
