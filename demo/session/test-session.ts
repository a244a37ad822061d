import { type CoValueSync, type Session } from '@MaiaOS/kernel';
import { get, readable, writable } from 'svelte/store';
import { createTestNetwork, type TestDevice } from '../model/test-network.ts';
import { testState } from '../sync/test-state.ts';

/** A session on an in-memory node without a relay. */
export async function createTestSession(): Promise<{
  readonly session: Session;
  readonly device: TestDevice;
  /** By CoValue, the edits that do not count from now on. */
  setNotCounted(edits: Readonly<Record<string, CoValueSync['notCounted']>>): void;
}> {
  const network = await createTestNetwork();
  const device = await network.newAccount();
  const state = writable(testState({ status: 'off' }));
  let notCounted: Readonly<Record<string, CoValueSync['notCounted']>> = {};
  const nothing = () => {};
  const session: Session = {
    node: device.node,
    account: device.account,
    accountID: device.account.id,
    sync: {
      get current() {
        return get(state);
      },
      subscribe: state.subscribe,
      pause: nothing,
      resume: nothing,
      reconnect: nothing,
      stateOf: (target) => {
        const id = typeof target === 'object' ? target.id : target;
        const reached = 'reached';
        const steps = { saved: reached, sent: reached, confirmed: reached, durable: reached } as const;
        return constant({ id, known: true, ...steps, notCounted: notCounted[id] ?? none });
      },
      flush: async () => {},
      whenSaved: async () => {},
      whenConfirmed: async () => {},
      whenDurable: async () => {},
      on: () => nothing,
      close: async () => {},
    },
    storage: constant({ kind: 'memory', state: 'memory-only' } as const),
    passkeys: {
      state: constant({
        passkeys: [],
        phraseRevealed: false,
        phraseKept: false,
        unfinished: [],
        reach: 'unknown',
      } as const),
      list: () => Promise.resolve([]),
      add: unsupported,
      check: unsupported,
      remove: unsupported,
    },
    load: unsupported,
    revealRecoveryPhrase: unsupported,
    previewErasure: unsupported,
    eraseAccount: unsupported,
    signOut: unsupported,
    close: async () => {},
    on: () => nothing,
  };
  return {
    session,
    device,
    setNotCounted(edits) {
      notCounted = edits;
      const ids = Object.keys(edits);
      state.set(testState({ status: 'off', notCounted: { count: ids.length, ids } }));
    },
  };
}

const none: CoValueSync['notCounted'] = [];

function unsupported(): Promise<never> {
  return Promise.reject(new Error('Test sessions do not support passkeys.'));
}

function constant<T>(current: T) {
  return { current, subscribe: readable(current).subscribe };
}
