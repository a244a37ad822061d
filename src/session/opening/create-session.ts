import type { LocalNode, RawAccountID } from 'cojson';
import type { AppCalls } from '../../app/app-calls.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import { syncOf } from '../../sync/inspection.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import type { RevealRecoveryPhrase } from '../session.ts';
import type { SessionLife } from './session-life.ts';
import type { Session, SessionListener } from '../session.ts';
import type { SignOut } from '../session.ts';

export function createSession(parts: {
  readonly node: LocalNode;
  readonly accountID: RawAccountID;
  readonly storage: DeviceStorage;
  readonly sync: SyncPeers;
  readonly passkeys: Passkeys;
  readonly revealRecoveryPhrase: RevealRecoveryPhrase;
  readonly signOut: SignOut;
  readonly erasure: Pick<Session, 'previewErasure' | 'eraseAccount'>;
  readonly calls: AppCalls;
  readonly life: SessionLife;
}): Session {
  const { node, accountID, storage, sync, passkeys, revealRecoveryPhrase, signOut, erasure, calls, life } =
    parts;
  return {
    node,
    account: node.expectCurrentAccount('the node of a session has an account'),
    accountID,
    get sync() {
      return syncOf(node) ?? sync;
    },
    storage: storage.status,
    passkeys,
    ...calls,
    revealRecoveryPhrase,
    signOut,
    ...erasure,
    close: (options) => life.close(undefined, options),
    on: (...[event, listener]: SessionListener) =>
      event === 'closed' ? life.onClosed(listener) : life.onReplaced(listener),
  };
}
