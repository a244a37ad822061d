import { WebAuthnAbortService } from '@simplewebauthn/browser';

/** A page has one passkey prompt at a time. */
interface Ceremony {
  /** By another one that takes its place. */
  replace(): void;
  readonly ended: Promise<void>;
}
let latest: Ceremony | undefined;
/** Whose prompt the browser was asked for last. */
let begun: Ceremony | undefined;

/** A browser that does not end a prompt it was told to end holds up the next one for this long, and no longer. */
const endMs = 1_000;
const cancelAgainMs = 10;

/**
 * Runs one ceremony of SimpleWebAuthn, which ends the one before. Rejects with an AbortError where `signal` or another
 * ceremony ended it, unless the browser had completed it: a passkey that was made is never hidden from its caller.
 */
export async function runCeremony<T>(signal: AbortSignal | undefined, begin: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const replacing = new AbortController();
  let settle = (): void => {};
  const ceremony: Ceremony = {
    replace: () =>
      replacing.abort(new DOMException('Another passkey prompt took the place of this one.', 'AbortError')),
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

/** An autofill start first waits for the browser's answer whether it has that, and SimpleWebAuthn's cancel misses it until then. */
async function cancelUntilEnded(ceremony: Ceremony): Promise<void> {
  while (begun === ceremony) {
    WebAuthnAbortService.cancelCeremony();
    await passed(cancelAgainMs);
  }
}

function passed(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** An ended autofill may say that nothing was allowed, where it has not really begun. */
function abortError(cause: unknown): Error {
  const error = new Error('The passkey prompt was ended.', { cause });
  error.name = 'AbortError';
  return error;
}
