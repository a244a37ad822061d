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
      /** The name of the account's first passkey and of its person. If empty, the kernel names the passkey by the date and time. */
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
      return created({ session: await signUpWithPasskey({ ...options, ...accountOf(entry) }) }, entry);
    case 'sign-up-with-words':
      return created(await signUpWithRecoveryPhrase({ ...options, ...accountOf(entry) }), entry);
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

  function created(
    account: { readonly session: Session; readonly phrase?: string },
    { name }: { readonly name: string },
  ): Entered {
    // An account without a name is as good, and can be named later.
    if (name !== '') account.session.rename(name).catch(reportError);
    return { ...account, isNew: true, remember };
  }
}

function accountOf({ name, isAnother }: Entry & { kind: 'sign-up' | 'sign-up-with-words' }) {
  return { anotherAccount: isAnother, ...(name !== '' && { name }) };
}
