import {
  getPasskeySupport,
  isKernelError,
  resumeSession,
  signInWithPasskey,
  signUpWithPasskey,
  type PasskeySupport,
  type Session,
} from '@MaiaOS/kernel';
import { type Failure } from '../gate/failure-words.ts';

/** Whether somebody is here, and how they come in. */
export type Access =
  | { readonly phase: 'starting' }
  /** Nobody is signed in. `asked`: what the person did last; `isBusy`: it has not ended yet. */
  | { readonly phase: 'gate'; readonly asked?: Asked; readonly isBusy: boolean; readonly failure?: Failure }
  /** `isNew`: the account was made just now, so that nothing of it can be elsewhere. */
  | { readonly phase: 'open'; readonly session: Session; readonly isNew: boolean }
  /** The session of this tab ended by itself. Nothing can be written any more until the page is loaded again. */
  | { readonly phase: 'ended'; readonly reason: string | undefined };

export type Asked = 'sign-up' | 'another-account' | 'sign-in';

export interface AccessControl {
  readonly current: Access;
  /** Undefined until the browser has answered. */
  readonly support: PasskeySupport | undefined;
  ask(asked: Asked): void;
  /** Ends what `ask` began, where that is still possible. */
  cancel(): void;
}

export function createAccess(): AccessControl {
  let current = $state.raw<Access>({ phase: 'starting' });
  let support = $state.raw<PasskeySupport>();
  let abort = new AbortController();

  void getPasskeySupport().then((answer) => (support = answer));
  void enter(() => resumeSession());

  return {
    get current() {
      return current;
    },
    get support() {
      return support;
    },
    ask(asked) {
      abort.abort();
      abort = new AbortController();
      const { signal } = abort;
      current = { phase: 'gate', asked, isBusy: true };
      void enter(
        () =>
          asked === 'sign-in'
            ? signInWithPasskey({ signal })
            : signUpWithPasskey({ signal, appName: 'Lists', anotherAccount: asked === 'another-account' }),
        asked,
        signal,
      );
    },
    cancel() {
      abort.abort();
      if (current.phase === 'gate') current = { phase: 'gate', isBusy: false };
    },
  };

  async function enter(open: () => Promise<Session | undefined>, asked?: Asked, signal?: AbortSignal) {
    const about = asked ? { asked } : {};
    try {
      const session = await open();
      if (session) opened(session, asked === 'sign-up' || asked === 'another-account');
      else current = { phase: 'gate', isBusy: false };
    } catch (error) {
      if (signal?.aborted) return;
      current = { phase: 'gate', ...about, isBusy: false, failure: failureOf(error) };
    }
  }

  function opened(session: Session, isNew: boolean) {
    current = { phase: 'open', session, isNew };
    session.on('closed', (reason) => (current = { phase: 'ended', reason: reason?.message }));
  }
}

/** What is no kernel error is a bug: the person is told that it did not work, the developer's console gets it whole. */
function failureOf(error: unknown): Failure {
  if (isKernelError(error)) return error;
  reportError(error);
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error), details: {} };
}
