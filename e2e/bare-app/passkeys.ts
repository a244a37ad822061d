import {
  activeSession,
  isKernelError,
  listAccounts,
  resumeSession,
  signInWithPasskey,
  signInWithRecoveryPhrase,
  signUpWithPasskey,
  type Passkeys,
  type Session,
} from '@MaiaOS/kernel';
import type { RawCoMap } from '@MaiaOS/kernel/cojson';

/** A bare account. Failures return their error code. */
export interface PasskeyApp {
  signUp(url: string, options?: { readonly anotherAccount: boolean }): Promise<string>;
  signIn(url: string, options?: { readonly autofill: boolean }): Promise<string>;
  signInByWords(words: string, url: string): Promise<string>;
  resume(url: string, accountID?: string): Promise<string>;
  reveal(): Promise<string>;
  signOut(): Promise<string>;
  accounts(): Promise<readonly string[]>;
  write(note: string): void;
  note(): unknown;
  add(label: string): Promise<string>;
  check(id: string): Promise<string>;
  remove(id: string): Promise<string>;
  list(): ReturnType<Passkeys['list']>;
  reach(): string;
  isConfirmed(): boolean;
}

function opened(): Session {
  if (!activeSession.current) throw new Error('Nothing is open yet.');
  return activeSession.current;
}

function root(): RawCoMap {
  const { node, account } = opened();
  const loaded = node.getLoaded(account.get('root') ?? account.id);
  if (!loaded) throw new Error('It is not loaded.');
  return loaded;
}

async function answer(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (isKernelError(error)) return error.code;
    throw error;
  }
}

declare global {
  var passkeyApp: PasskeyApp;
}
globalThis.passkeyApp = {
  signUp: (url, options) =>
    answer(async () => (await signUpWithPasskey({ sync: { url }, ...options })).accountID),
  signIn: (url, options) =>
    answer(async () => (await signInWithPasskey({ sync: { url }, ...options })).accountID),
  signInByWords: (words, url) =>
    answer(async () => (await signInWithRecoveryPhrase(words, { sync: { url } })).accountID),
  resume: (url, accountID) =>
    answer(async () => {
      const which = accountID === undefined ? {} : { accountID };
      return (await resumeSession({ sync: { url }, ...which }))?.accountID ?? 'nobody';
    }),
  reveal: () => answer(() => opened().revealRecoveryPhrase()),
  signOut: () =>
    answer(async () =>
      opened()
        .signOut()
        .then(() => 'signed out'),
    ),
  accounts: async () => (await listAccounts()).map(({ accountID }) => accountID).toSorted(),
  write: (note) => root().set('note', note),
  note: () => root().get('note'),
  add: (label) => answer(async () => (await opened().passkeys.add({ label })).id),
  check: (id) => answer(async () => (await opened().passkeys.check(id)).id),
  remove: (id) =>
    answer(async () =>
      opened()
        .passkeys.remove(id)
        .then(() => 'removed'),
    ),
  list: () => opened().passkeys.list(),
  reach: () => opened().passkeys.state.current.reach,
  isConfirmed() {
    const { status, confirmed } = opened().sync.current;
    return status === 'confirmed' && confirmed.pending === 0;
  },
};
