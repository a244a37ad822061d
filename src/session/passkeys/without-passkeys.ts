import { createKernelError } from '../../base/kernel-error.ts';
import { createReadable } from '../../base/readable.ts';
import type { Passkeys, PasskeysState } from './passkeys.ts';

/** The passkeys of a session opened without a seed, such as an agent's. Without it, a passkey has nothing to open. */
export function withoutPasskeys(): Passkeys {
  const unknown = () =>
    Promise.reject(
      createKernelError(
        'SEED_UNKNOWN',
        'This session was opened with an agent’s secret, which does not contain the account’s seed. Manage passkeys in a session that was opened with a passkey or the recovery phrase.',
      ),
    );
  return {
    state: createReadable<PasskeysState>({
      passkeys: [],
      phraseRevealed: false,
      phraseKept: false,
      unfinished: [],
      reach: 'unknown',
    }),
    list: () => Promise.resolve([]),
    add: unknown,
    check: unknown,
    remove: unknown,
  };
}
