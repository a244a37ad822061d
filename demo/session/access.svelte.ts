import {
  getPasskeySupport,
  isKernelError,
  listAccounts,
  resumeSession,
  signInWithPasskey,
  type ErasedAtRelay,
  type KernelError,
  type KernelErrorCode,
  type KnownAccount,
  type PasskeySupport,
  type Remember,
} from '@MaiaOS/kernel';
import { erasedText } from '../account/erase-text.ts';
import { type Failure } from '../gate/failure-text.ts';
import { enter, sync, type Entered, type Entry } from './entry.ts';
import { failureOf } from './failure-of.ts';
import { keepChoice, lastChoice } from './last-choice.ts';

/** The state of the user's access: starting, signing in, signed in or ended. */
export type Access =
  | { readonly phase: 'starting' }
  /**
   * No account is open. `asked`: the last attempt; `isBusy`: it is in progress; `wasSignedOut`: the user just signed
   * out here.
   */
  | {
      readonly phase: 'gate';
      readonly asked?: Entry['kind'];
      readonly isBusy: boolean;
      readonly failure?: Failure;
      readonly wasSignedOut?: true;
      /** What the relays erased, in plain words. */
      readonly erased?: string;
    }
  /** A new account without a passkey: the user must write down its phrase first. */
  | { readonly phase: 'words'; readonly entered: Entered; readonly phrase: string }
  | { readonly phase: 'open'; readonly entered: Entered }
  /** The session failed, or another tab signed out. The page must reload before any more edits. */
  | { readonly phase: 'ended'; readonly reason: string; readonly wasSignedOut: boolean };

export interface AccessControl {
  readonly current: Access;
  /** Undefined until the browser has answered. */
  readonly support: PasskeySupport | undefined;
  /** The accounts that this device keeps. */
  readonly known: readonly KnownAccount[];
  /** How much of the next account this device keeps. */
  remember: Remember;
  ask(entry: Entry): void;
  /** Repeats the last attempt. If that was the automatic resume, reloads the page. */
  again(): void;
  /** Aborts the current attempt, if it can still be aborted. */
  cancel(): void;
  /** Offers passkeys as autofill suggestions. Returns a function that ends the offer. */
  offerAutofill(): () => void;
  /** The user typed the new account's phrase correctly. */
  wordsAreKnown(): void;
  /** Closes the account in this tab without signing out, so that the user can open another one. */
  leave(): void;
  /** The account was erased, which has closed it. */
  wasErased(certificates: readonly ErasedAtRelay[]): void;
}

/** How an autofill request fails before the user picks a passkey. A prompt that the user asks for shows the same cause. */
const endedUnasked: ReadonlySet<KernelErrorCode> = new Set([
  'ABORTED',
  'PASSKEY_UNSUPPORTED',
  'PASSKEY_INVALID_RP_ID',
]);

/** Calls `onleft` after the user signs out here or leaves the account, so that the page can forget its route. */
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
    wasErased(certificates) {
      if (current.phase === 'gate') current = { ...current, erased: erasedText(certificates) };
    },
    leave() {
      if (current.phase !== 'open') return;
      isLeaving = true;
      void current.entered.session.close().catch((error: unknown) => fail(error));
    },
  };

  async function resume() {
    try {
      const session = await resumeSession({ sync });
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

  /** Waits in the background until the user picks a suggested passkey. */
  async function autofill(signal: AbortSignal) {
    try {
      const session = await signInWithPasskey({ autofill: true, remember, signal, sync });
      // A newer attempt takes precedence.
      if (signal.aborted) await session.close();
      else opened({ session, isNew: false, remember });
    } catch (error) {
      if (signal.aborted) return;
      // The user picked no passkey, so a notice would not respond to anything they did.
      if (isKernelError(error) && endedUnasked.has(error.code)) return;
      // Restarting it automatically could fail forever.
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

  /** Without a reason, the user closed the session here by signing out or leaving. */
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

/** If the accounts cannot be listed, the user can still sign in another way. */
async function accountsHere(): Promise<readonly KnownAccount[]> {
  try {
    return await listAccounts();
  } catch (error) {
    if (isKernelError(error)) return [];
    throw error;
  }
}
