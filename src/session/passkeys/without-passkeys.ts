import { createKernelError } from '../../base/kernel-error.ts';
import { createReadable } from '../../base/readable.ts';
import type { Passkeys, PasskeysState } from './passkeys.ts';

/** Of a session that was opened without a seed, as an agent's: it has none to give to a passkey. */
export function withoutPasskeys(): Passkeys {
  const unknown = () =>
    Promise.reject(
      createKernelError(
        'SEED_UNKNOWN',
        'This session was opened with an agent’s secret, from which the account’s seed does not follow. Manage passkeys in a session that a passkey or the recovery phrase opened.',
      ),
    );
  return {
    state: createReadable<PasskeysState>({ passkeys: [], phraseRevealed: false, reach: 'unknown' }),
    list: () => Promise.resolve([]),
    add: unknown,
    check: unknown,
    remove: unknown,
  };
}
