import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import type { AuthDemand, AuthFrame, WelcomeFrame } from '../../wire/frames.ts';
import { isThisMachine } from '../connection/sync-url.ts';
import { longestIdleMs } from '../connection/back-off.ts';
import * as errors from './auth-errors.ts';
import type { Credentials } from './credentials.ts';

/** Signs in on one channel, and renews that there in time. */
export interface SignIn {
  /** The relay asks for it. Call once. */
  begin(demand: AuthDemand): void;
  /** Returns false if it answers nothing that was sent. */
  welcomed(frame: WelcomeFrame): boolean;
  /** Nothing was sent yet, because the app has yet to give a token. */
  readonly isPreparing: boolean;
  /** The relay refused, without closing the channel. */
  refused(failure: errors.AuthFailure): void;
  stop(): void;
}

export interface SignInEvents {
  send(frame: AuthFrame): void;
  /** Called once, at the first welcome. */
  welcomed(): void;
  /** Not signed in, so the channel is of no use. */
  failed(failure: errors.AuthFailure): void;
  /** This device has nothing to send or got no answer, so it may not stay signed in for long. Retrying automatically. */
  renewalFailed(error: KernelError): void;
}

/** Beyond the relay's own limit, for the way there and back. */
export const marginMs = 5_000;
const maxWithinMs = 60_000;
const renewAt = 0.8;
/** A relay could otherwise have a token fetched without end. Ours stays open for 30 s after the end. */
export const minRenewalMs = 10_000;
const firstRetryMs = 1_000;
const maxRetryMs = 30_000;

export function createSignIn(options: {
  readonly url: URL;
  /** Undefined if the app has set up none. */
  readonly credentials: Credentials | undefined;
  readonly clock: Clock;
  readonly on: SignInEvents;
}): SignIn {
  const { url, credentials, clock, on } = options;
  let withinMs = 0;
  let nonce = '';
  /** How many `auth` were sent and are not answered yet. */
  let unanswered = 0;
  let isWelcome = false;
  let isPreparing = false;
  const ending = new AbortController();
  let failures = 0;
  /** For the answer, or until the next renewal. */
  let cancel = () => {};

  function after(ms: number, run: () => void): void {
    cancel();
    cancel = clock.after(ms, run);
  }

  async function authenticate({ answer }: Credentials): Promise<void> {
    isPreparing = !isWelcome;
    const answered = await answer(url, nonce, ending.signal);
    isPreparing = false;
    if (ending.signal.aborted) return;
    if ('error' in answered) return failedHere(answered);
    unanswered++;
    // What is not renewed goes on until its end.
    after(withinMs + marginMs, () => failedHere(errors.notWelcomed(url)));
    on.send(answered);
  }

  /** Without a refusal, which the connection itself would report. */
  function failedHere(failure: errors.AuthFailure): void {
    if (isWelcome) on.renewalFailed(failure.error);
    failed(failure);
  }

  function failed(failure: errors.AuthFailure): void {
    if (!isWelcome || !credentials) return on.failed(failure);
    const backOffMs = Math.min(maxRetryMs, firstRetryMs * 2 ** failures++);
    const askedMs = Math.min(failure.retryAfterMs ?? 0, longestIdleMs);
    after(Math.max(askedMs, backOffMs), () => void authenticate(credentials));
  }

  return {
    begin(demand) {
      if (!credentials) return on.failed(errors.notSetUp(url));
      if (!demand.methods.includes(credentials.method))
        return on.failed(errors.notOffered(url, credentials.method, demand.methods));
      if (url.protocol !== 'wss:' && !isThisMachine(url.hostname)) return on.failed(errors.unencrypted(url));
      nonce = demand.nonce;
      withinMs = Math.min(demand.withinMs, maxWithinMs);
      void authenticate(credentials);
    },
    welcomed({ nonce: nextNonce, expiresInMs }) {
      if (unanswered === 0 || !credentials) return false;
      unanswered--;
      cancel();
      failures = 0;
      nonce = nextNonce;
      if (expiresInMs !== undefined)
        after(Math.max(minRenewalMs, expiresInMs * renewAt), () => void authenticate(credentials));
      if (!isWelcome) {
        isWelcome = true;
        on.welcomed();
      }
      return true;
    },
    get isPreparing() {
      return isPreparing;
    },
    refused(failure) {
      if (unanswered === 0) return;
      unanswered--;
      failed(failure);
    },
    stop() {
      ending.abort();
      cancel();
    },
  };
}
