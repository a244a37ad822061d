import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/** Holds an open session's seed. Nothing else in the session refers to it, so that nothing prints it by mistake. */
export interface SeedHolder {
  /** Lends a copy, wiped after `run`. Rejects with SESSION_CLOSED after `forget`, or SEED_UNKNOWN without a seed. */
  withSeed<T>(run: (seed: Uint8Array<ArrayBuffer>) => T | Promise<T>): Promise<T>;
  /** Throws what `withSeed` would reject with. Call it before a prompt, so that no user is prompted in vain. */
  requireHeld(): void;
  /** Overwrites the seed. Running borrowers keep their own copies. Idempotent. */
  forget(): void;
}

/** Takes ownership of the bytes. `seed` is undefined if the session was opened without one, as by an agent. */
export function holdSeed(seed: Uint8Array<ArrayBuffer> | undefined): SeedHolder {
  let isForgotten = false;

  function held(): Uint8Array<ArrayBuffer> {
    if (isForgotten) throw sessionClosed();
    if (seed === undefined) throw seedUnknown();
    return seed;
  }

  return {
    requireHeld: () => void held(),
    async withSeed(run) {
      const copy = held().slice();
      try {
        return await run(copy);
      } finally {
        copy.fill(0);
      }
    },
    forget() {
      isForgotten = true;
      seed?.fill(0);
    },
  };
}

function sessionClosed(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'This session is closed and no longer has the account’s seed. Open the account again.',
  );
}

function seedUnknown(): KernelError {
  return createKernelError(
    'SEED_UNKNOWN',
    'This session was opened with an agent’s secret, which does not contain the account’s seed. Use a session that was opened with a passkey or the recovery phrase.',
  );
}
