import {
  resumeSession,
  signInWithPasskey,
  signInWithRecoveryPhrase,
  signUpWithPasskey,
  signUpWithRecoveryPhrase,
  type Remember,
  type Session,
} from '@MaiaOS/kernel';

/** A way to sign in or sign up. */
export type Entry =
  | {
      readonly kind: 'sign-up' | 'sign-up-with-words';
      /** The account's name on this device. If empty, the kernel uses the date and time. */
      readonly name: string;
      /** Another account on a device that already has one. */
      readonly isAnother: boolean;
    }
  | { readonly kind: 'sign-in' }
  /** An account already on this device. */
  | { readonly kind: 'known'; readonly accountID: string }
  | { readonly kind: 'phrase'; readonly phrase: string };

export interface Entered {
  readonly session: Session;
  /** Created just now, so no other device or relay has any of it. */
  readonly isNew: boolean;
  readonly remember: Remember;
  /** The phrase of an account created without a passkey. The user has not seen it yet. */
  readonly phrase?: string;
}

const appName = 'Lists';
/** Where the relay asks who this is, the account proves itself. Other relays are sent nothing of it. */
export const sync = { auth: 'account' } as const;

export async function enter(entry: Entry, remember: Remember, signal: AbortSignal): Promise<Entered> {
  const options = { remember, signal, appName, sync };
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
      const resumed = await resumeSession({ accountID, signal, sync });
      if (resumed) return { session: resumed, isNew: false, remember: 'device' };
      return { session: await signInWithPasskey({ ...options, accountID }), isNew: false, remember };
    }
  }
}

function accountOf({ name, isAnother }: Entry & { kind: 'sign-up' | 'sign-up-with-words' }) {
  return { anotherAccount: isAnother, ...(name !== '' && { name }) };
}
