import { WebAuthnAbortService } from '@simplewebauthn/browser';

/** A page shows one passkey prompt at a time. */
interface Ceremony {
  /** Ends it because another ceremony begins. */
  replace(): void;
  readonly ended: Promise<void>;
}
let latest: Ceremony | undefined;
/** The ceremony whose prompt was requested last. */
let begun: Ceremony | undefined;

/** How long to wait for a browser to close an aborted prompt before the next one opens. */
const endMs = 1_000;
const cancelAgainMs = 10;

/** Ends the previous ceremony. Rejects with AbortError only before completion, so that no new passkey is lost. */
export async function runCeremony<T>(signal: AbortSignal | undefined, begin: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const replacing = new AbortController();
  let settle = (): void => {};
  const ceremony: Ceremony = {
    replace: () =>
      replacing.abort(new DOMException('Another passkey prompt replaced this one.', 'AbortError')),
    ended: new Promise((resolve) => (settle = resolve)),
  };
  const before = latest;
  latest = ceremony;
  const stopping = signal ? AbortSignal.any([signal, replacing.signal]) : replacing.signal;
  const cancel = () => void cancelUntilEnded(ceremony);
  try {
    if (before) {
      before.replace();
      await Promise.race([before.ended, passed(endMs)]);
      stopping.throwIfAborted();
    }
    begun = ceremony;
    stopping.addEventListener('abort', cancel);
    return await begin();
  } catch (error) {
    throw stopping.aborted ? abortError(error) : error;
  } finally {
    stopping.removeEventListener('abort', cancel);
    if (latest === ceremony) latest = undefined;
    if (begun === ceremony) begun = undefined;
    settle();
  }
}

/** Repeats, because SimpleWebAuthn cannot cancel an autofill ceremony that is still checking for browser support. */
async function cancelUntilEnded(ceremony: Ceremony): Promise<void> {
  while (begun === ceremony) {
    WebAuthnAbortService.cancelCeremony();
    await passed(cancelAgainMs);
  }
}

function passed(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** An aborted autofill that has not really begun may report NotAllowedError. */
function abortError(cause: unknown): Error {
  const error = new Error('The passkey prompt was cancelled.', { cause });
  error.name = 'AbortError';
  return error;
}
