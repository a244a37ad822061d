// Misuse of sessions that the public types reject. `tsc` checks this file; nothing runs it.
import {
  activeSession,
  listAccounts,
  openAgentSession,
  resumeSession,
  signInWithPasskey,
  signInWithRecoveryPhrase,
  signUpWithPasskey,
  signUpWithRecoveryPhrase,
  type KnownAccount,
  type Session,
} from '@MaiaOS/kernel';

export async function signingUp() {
  // @ts-expect-error: the option is `name`.
  await signUpWithPasskey({ userName: 'Ana' });
  // @ts-expect-error: there are three storages.
  await signUpWithPasskey({ storage: 'localStorage' });
  // @ts-expect-error: `remember` is 'device', 'passkey' or 'never'.
  await signUpWithPasskey({ remember: true });
  // @ts-expect-error: `sync` is an object, or false for none.
  await signUpWithPasskey({ sync: true });
  // @ts-expect-error: an optional property may be absent, but not undefined.
  await signUpWithPasskey({ name: undefined });
  // @ts-expect-error: it resolves to the phrase and the session.
  const session: Session = await signUpWithRecoveryPhrase();
  return session;
}

export async function signingIn() {
  // @ts-expect-error: autofill is an option of signing in with a passkey only.
  await resumeSession({ autofill: true });
  // @ts-expect-error: it needs the phrase.
  await signInWithRecoveryPhrase();
  // @ts-expect-error: signing in takes no name.
  await signInWithPasskey({ name: 'Ana' });
  // @ts-expect-error: it resolves to undefined if the device remembers no account.
  (await resumeSession()).accountID.toUpperCase();
  // @ts-expect-error: an agent needs its secret.
  await openAgentSession({ accountID: 'co_zAgent' });
  // @ts-expect-error: an agent has no passkey storage.
  await openAgentSession({ accountID: 'co_zAgent', agentSecret: '', storage: 'kernel' });
}

export function session(opened: Session, promised: Promise<Session>) {
  // @ts-expect-error: it is readonly.
  opened.accountID = 'co_zOther';
  // @ts-expect-error: sign-up has to be awaited.
  void promised.accountID;
  // @ts-expect-error: there is no such event.
  opened.on('signed-out', () => {});
  // @ts-expect-error: `replaced` passes the new session.
  opened.on('replaced', (accountID: string) => accountID);
  // @ts-expect-error: there may be no active session.
  void activeSession.current.node;
  // @ts-expect-error: readables are read-only.
  activeSession.current = opened;
  // @ts-expect-error: the option is `discardUnsynced`.
  void opened.signOut({ force: true });
  // @ts-expect-error: a session's sync is readonly.
  opened.sync = undefined;
}

export async function passkeys(opened: Session, accounts: Promise<readonly KnownAccount[]>) {
  // @ts-expect-error: the argument must be a passkey's ID.
  await opened.passkeys.remove();
  // @ts-expect-error: a reach is 'elsewhere', 'this-device', 'nowhere' or 'unknown'.
  if (opened.passkeys.state.current.reach === 'everywhere') return;
  // @ts-expect-error: the list has to be awaited.
  void accounts.length;
  // @ts-expect-error: the list is readonly.
  (await listAccounts()).push({ accountID: 'co_z', label: '', lastUsedAtMs: 0 });
  // @ts-expect-error: a phrase is text.
  await opened.revealRecoveryPhrase({ phrase: ['word'] });
}
