import { type Session, type SyncState } from '@MaiaOS/kernel';
import { readable } from 'svelte/store';
import { createTestNetwork, type TestDevice } from '../model/test-network.ts';
import { testState } from '../sync/test-state.ts';

/** A session on an in-memory node without a relay. */
export async function createTestSession(): Promise<{
  readonly session: Session;
  readonly device: TestDevice;
}> {
  const network = await createTestNetwork();
  const device = await network.newAccount();
  const state = testState({ status: 'off' });
  const nothing = () => {};
  const session: Session = {
    node: device.node,
    account: device.account,
    accountID: device.account.id,
    sync: {
      ...constant<SyncState>(state),
      pause: nothing,
      resume: nothing,
      reconnect: nothing,
      flush: async () => {},
      whenSaved: async () => {},
      whenConfirmed: async () => {},
      whenDurable: async () => {},
      on: () => nothing,
      close: async () => {},
    },
    storage: constant({ kind: 'memory', state: 'memory-only' } as const),
    passkeys: {
      state: constant({ passkeys: [], phraseRevealed: false, reach: 'unknown' } as const),
      list: () => Promise.resolve([]),
      add: unsupported,
      check: unsupported,
      remove: unsupported,
    },
    revealRecoveryPhrase: unsupported,
    signOut: unsupported,
    close: async () => {},
    on: () => nothing,
  };
  return { session, device };
}

function unsupported(): Promise<never> {
  return Promise.reject(new Error('Test sessions do not support passkeys.'));
}

function constant<T>(current: T) {
  return { current, subscribe: readable(current).subscribe };
}
