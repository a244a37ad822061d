import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/** Where an open session's seed is. Nothing else of the session refers to it, so that nothing prints it by mistake. */
export interface SeedHolder {
  /**
   * Lends `run` a copy, which is overwritten when `run` ends, however it ends. Rejects with SESSION_CLOSED after `forget`,
   * and with SEED_UNKNOWN where the session was opened without a seed.
   */
  withSeed<T>(run: (seed: Uint8Array<ArrayBuffer>) => T | Promise<T>): Promise<T>;
  /** Throws what `withSeed` would reject with: nobody is asked for a passkey that then leads to nothing. */
  requireHeld(): void;
  /** Overwrites the seed. What still runs keeps its own copy. Safe to call twice. */
  forget(): void;
}

/** Takes the bytes over. Undefined: whoever opened the session has none, as an agent. */
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
    'This session is closed, and has forgotten the account’s seed. Open the account again.',
  );
}

function seedUnknown(): KernelError {
  return createKernelError(
    'SEED_UNKNOWN',
    'This session was opened with an agent’s secret, from which the account’s seed does not follow. Do this in a session that a passkey or the recovery phrase opened.',
  );
}
