import {
  getPasskeySupport,
  isKernelError,
  listAccounts,
  resumeSession,
  signInWithPasskey,
  type KernelError,
  type KnownAccount,
  type PasskeySupport,
  type Remember,
} from '@MaiaOS/kernel';
import { type Failure } from '../gate/failure-text.ts';
import { enter, type Entered, type Entry } from './entry.ts';
import { failureOf } from './failure-of.ts';
import { keepChoice, lastChoice } from './last-choice.ts';

/** Whether somebody is here, and how they come in. */
export type Access =
  | { readonly phase: 'starting' }
  /** Nobody is signed in. `asked`: what the person did last; `isBusy`: it has not ended yet. `wasSignedOut`: just now, here. */
  | {
      readonly phase: 'gate';
      readonly asked?: Entry['kind'];
      readonly isBusy: boolean;
      readonly failure?: Failure;
      readonly wasSignedOut?: true;
    }
  /** An account was made without a passkey, and its words are to be written down before the person goes on. */
  | { readonly phase: 'words'; readonly entered: Entered; readonly phrase: string }
  | { readonly phase: 'open'; readonly entered: Entered }
  /** The session of this tab ended by itself, or by a sign-out in another tab. Nothing can be written any more until the page is loaded again. */
  | { readonly phase: 'ended'; readonly reason: string; readonly wasSignedOut: boolean };

export interface AccessControl {
  readonly current: Access;
  /** Undefined until the browser has answered. */
  readonly support: PasskeySupport | undefined;
  /** The accounts that this device keeps, for the gate. */
  readonly known: readonly KnownAccount[];
  /** What this device shall keep of the account that is opened next. */
  remember: Remember;
  ask(entry: Entry): void;
  /** What was asked for last, once more. What was not asked for is the return to an account: loading the page tries it again. */
  again(): void;
  /** Ends what `ask` began, where that is still possible. */
  cancel(): void;
  /** Offers passkeys among the suggestions of a field that is shown. The answer ends it. */
  offerAutofill(): () => void;
  /** The new account's words were typed rightly. */
  wordsAreKnown(): void;
  /** Closes the account in this tab, without signing out, so that another one can be opened. */
  leave(): void;
}

/** `onleft`: the person signed out here, or wants another account. What the page showed belongs to nobody who is here. */
export function createAccess(onleft: () => void): AccessControl {
  let current = $state.raw<Access>({ phase: 'starting' });
  let support = $state.raw<PasskeySupport>();
  let known = $state.raw<readonly KnownAccount[]>([]);
  let remember = $state<Remember>(lastChoice());
  let last: Entry | undefined;
  let abort = new AbortController();
  let mayAutofill = true;
  let isLeaving = false;

  void getPasskeySupport().then((answer) => (support = answer));
  void resume();

  return {
    get current() {
      return current;
    },
    get support() {
      return support;
    },
    get known() {
      return known;
    },
    get remember() {
      return remember;
    },
    set remember(choice) {
      remember = choice;
    },
    ask(entry) {
      last = entry;
      mayAutofill = true;
      void run(entry);
    },
    again() {
      if (last) void run(last);
      else location.reload();
    },
    cancel() {
      abort.abort();
      if (current.phase === 'gate') current = { phase: 'gate', isBusy: false };
    },
    offerAutofill() {
      const offer = new AbortController();
      if (mayAutofill && support?.autofill) void autofill(offer.signal);
      return () => offer.abort();
    },
    wordsAreKnown() {
      if (current.phase !== 'words') return;
      const { phrase: _, ...entered } = current.entered;
      current = { phase: 'open', entered };
    },
    leave() {
      if (current.phase !== 'open') return;
      isLeaving = true;
      void current.entered.session.close().catch((error: unknown) => fail(error));
    },
  };

  async function resume() {
    try {
      const session = await resumeSession();
      if (session) opened({ session, isNew: false, remember: 'device' });
      else await toGate({ isBusy: false });
    } catch (error) {
      await fail(error);
    }
  }

  async function run(entry: Entry) {
    abort.abort();
    const { signal } = (abort = new AbortController());
    current = { phase: 'gate', asked: entry.kind, isBusy: true };
    try {
      const entered = await enter(entry, remember, signal);
      keepChoice(entered.remember);
      opened(entered);
    } catch (error) {
      if (!signal.aborted) await fail(error, entry.kind);
    }
  }

  /** Waits until the person picks a passkey, without a sign of it on the page. */
  async function autofill(signal: AbortSignal) {
    try {
      const session = await signInWithPasskey({ autofill: true, remember, signal });
      // Something else was asked for meanwhile, which goes before.
      if (signal.aborted) await session.close();
      else opened({ session, isNew: false, remember });
    } catch (error) {
      if (signal.aborted || isKernelError(error, 'ABORTED')) return;
      // Begun again by itself it could fail for ever.
      mayAutofill = false;
      last = { kind: 'sign-in' };
      await fail(error, 'sign-in');
    }
  }

  async function fail(error: unknown, asked?: Entry['kind']) {
    await toGate({ isBusy: false, failure: failureOf(error), ...(asked && { asked }) });
  }

  async function toGate(gate: Omit<Access & { phase: 'gate' }, 'phase'>) {
    known = await accountsHere();
    current = { phase: 'gate', ...gate };
  }

  function opened(entered: Entered) {
    const { session, phrase } = entered;
    last = undefined;
    current = phrase === undefined ? { phase: 'open', entered } : { phase: 'words', entered, phrase };
    session.on('replaced', (next) => opened({ ...entered, session: next, isNew: false }));
    session.on('closed', (reason) => {
      if ((current.phase !== 'open' && current.phase !== 'words') || current.entered.session !== session)
        return;
      closed(reason);
    });
  }

  /** Without a reason it was asked for here: by the sign-out, or to open another account. */
  function closed(reason: KernelError | undefined) {
    const isLeft = isLeaving;
    isLeaving = false;
    if (reason) {
      const wasSignedOut = isKernelError(reason, 'SESSION_CLOSED') && reason.details['isSignedOut'] === true;
      current = { phase: 'ended', reason: reason.message, wasSignedOut };
    } else {
      onleft();
      void toGate({ isBusy: false, ...(!isLeft && { wasSignedOut: true }) });
    }
  }
}

/** Where this device cannot say who is here, the other ways in are still there. */
async function accountsHere(): Promise<readonly KnownAccount[]> {
  try {
    return await listAccounts();
  } catch (error) {
    if (isKernelError(error)) return [];
    throw error;
  }
}
