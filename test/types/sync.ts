// Misuse of sync and transports that the public types reject. `tsc` checks this file; nothing runs it.
import {
  createKernelError,
  httpTransport,
  isKernelError,
  setupSyncPeers,
  subscribeSyncState,
  webSocketTransport,
  type Channel,
  type PeerStatus,
  type SyncPeers,
  type SyncState,
  type Transport,
} from '@MaiaOS/kernel';
import type { LocalNode } from '@MaiaOS/kernel/cojson';

export function options(node: LocalNode) {
  // @ts-expect-error: it needs a node.
  setupSyncPeers({ url: 'wss://relay.example/sync' });
  // @ts-expect-error: relays are objects with a `url`.
  setupSyncPeers({ node, relays: ['wss://relay.example/sync'] });
  // @ts-expect-error: a token comes from a function, because it expires.
  setupSyncPeers({ node, auth: { token: 'eyJ…' } });
  // @ts-expect-error: the function returns a promise.
  setupSyncPeers({ node, auth: { token: () => 'eyJ…' } });
  // @ts-expect-error: the method of a token is its function.
  setupSyncPeers({ node, auth: 'jwt' });
  // @ts-expect-error: transports are objects, not names.
  setupSyncPeers({ node, transports: ['websocket'] });
  // @ts-expect-error: the HTTP transport takes `fetch`, not an address.
  setupSyncPeers({ node, transports: [httpTransport('https://relay.example')] });
  // @ts-expect-error: a WebSocket transport has no options.
  webSocketTransport({ url: 'wss://relay.example/sync' });
  // @ts-expect-error: it returns sync at once.
  void setupSyncPeers({ node }).then();
}

export function states(state: SyncState) {
  // @ts-expect-error: 'synced' is not a status.
  if (state.status === 'synced') return;
  // @ts-expect-error: the rung is `confirmed`.
  void state.received.pending;
  // @ts-expect-error: without a promise of durability there is no such rung.
  void state.durable.pending;
  // @ts-expect-error: a state never changes.
  state.saved.pending = 0;
  // @ts-expect-error: a state never changes.
  state.peers.pop();
}

export function peers(status: PeerStatus): number | undefined {
  // @ts-expect-error: only a waiting relay has a next attempt.
  void status.retryAtMs;
  // @ts-expect-error: 'disconnected' is not a phase.
  if (status.phase === 'disconnected') return undefined;
  // @ts-expect-error: a connected relay makes no attempts.
  if (status.phase === 'connected') return status.attempt;
  if (status.phase === 'waiting') return status.retryAtMs;
  // @ts-expect-error: the waiting phase is handled above.
  return status.phase === 'waiting' ? 0 : undefined;
}

export async function events(sync: SyncPeers) {
  // @ts-expect-error: the event is `connect`.
  sync.on('connected', () => {});
  // @ts-expect-error: `sync` has no `ids`; `change` does.
  sync.on('sync', ({ ids }) => void ids);
  // @ts-expect-error: `dropped` names the peer.
  sync.on('dropped', ({ url }) => void url);
  // @ts-expect-error: `on` returns a function; there is no `off`.
  sync.off('change', () => {});
  // @ts-expect-error: only saved, confirmed and durable have a wait.
  await sync.whenSent();
  // @ts-expect-error: the option is `timeoutMs`.
  await sync.whenConfirmed(undefined, { timeout: 1_000 });
  // @ts-expect-error: a target is one CoValue or its ID.
  await sync.whenSaved(['co_zOne', 'co_zTwo']);
  // @ts-expect-error: it resolves to nothing.
  (await sync.whenConfirmed()).pending.toFixed();
  // @ts-expect-error: it returns a function that unsubscribes.
  subscribeSyncState(() => {}).close();
}

export function transports() {
  // @ts-expect-error: a transport needs a name.
  const nameless: Transport = { open: (): Channel => ({ send() {}, close() {}, bufferedBytes: 0 }) };
  // @ts-expect-error: a channel reports its buffered bytes.
  const unmeasured: Transport = { name: 'test', open: () => ({ send() {}, close() {} }) };
  return [nameless, unmeasured];
}

export function errors(error: unknown) {
  // @ts-expect-error: an unknown error has no code.
  void error.code;
  // @ts-expect-error: there is no such code.
  isKernelError(error, 'NETWORK_DOWN');
  // @ts-expect-error: only UNSYNCED_CHANGES has a count.
  if (isKernelError(error, 'PHRASE_INVALID')) void error.details.count;
  // @ts-expect-error: PHRASE_INVALID reports 'word', 'length' or 'checksum'.
  if (isKernelError(error, 'PHRASE_INVALID') && error.details.reason === 'language') return;
  // @ts-expect-error: these details belong to another code.
  createKernelError('APP_OUTDATED', '', { details: { count: 1, ids: [] } });
}
