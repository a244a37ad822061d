import { type KernelError, type KernelErrorCode, type SyncState } from '@MaiaOS/kernel';

export const testNowMs = 1_700_000_000_000;

/** A state with everything stored, plus the given changes. */
export function testState(changes: Partial<SyncState> = {}): SyncState {
  const all = { known: true, pending: 0 };
  return {
    status: 'confirmed',
    saved: all,
    sent: all,
    confirmed: all,
    durable: all,
    durability: 'power-loss',
    notCounted: { count: 0, ids: [] },
    download: { received: 12, caughtUp: true },
    storage: { kind: 'kernel', state: 'ok' },
    peers: [],
    ...changes,
  };
}

/** The same for a relay that promises no durability, or has not reported it yet. */
export function testStateWithoutDurable(
  durability: 'none' | 'unknown',
  changes: Partial<Omit<SyncState, 'durable'>> = {},
): SyncState {
  const { durable: _, ...state } = testState();
  return { ...state, durability, ...changes };
}

export function pendingSince(pending: number, waitedMs: number) {
  return { known: true, pending, oldestSinceMs: testNowMs - waitedMs };
}

export function testError(code: KernelErrorCode, message: string = code): KernelError {
  return Object.assign(new Error(message), { name: 'KernelError' as const, code, docsUrl: '', details: {} });
}
