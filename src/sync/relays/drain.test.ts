import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createReadable } from '../../base/readable.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { drain } from './drain.ts';
import { startSync } from '../start-sync.ts';
import type { SyncState } from '../sync-state.ts';
import { until } from '../../../test/support/until.ts';

const idle: SyncState = {
  status: 'syncing',
  saved: { known: true, pending: 0 },
  sent: { known: true, pending: 0 },
  confirmed: { known: true, pending: 0 },
  durability: 'unknown',
  notCounted: { count: 0, ids: [] },
  download: { received: 0, caughtUp: true },
  storage: { kind: 'custom', state: 'ok' },
  peers: [{ id: 'relay', url: 'ws://relay.example/sync', phase: 'connected', sinceMs: 0 }],
};
const offline = {
  ...idle,
  peers: [{ id: 'relay', url: 'ws://relay.example/sync', phase: 'offline' }],
} as const;

function draining(first: SyncState, unsentOf = ({ sent }: SyncState): boolean => sent.pending > 0) {
  const state = createReadable(first);
  const clock = createFakeClock();
  const ended = vi.fn();
  void drain(state, clock, () => unsentOf(state.current)).then(ended);
  const turn = async () => {
    for (let n = 0; n < 3; n++) await Promise.resolve();
  };
  return { state, clock, ended, turn };
}

it.each([
  ['sent', { sent: { known: true, pending: 1 } }],
  ['saved', { saved: { known: true, pending: 1 } }],
])('waits until everything is %s', async (_, pending) => {
  const { state, ended, turn } = draining({ ...idle, ...pending });
  await turn();
  expect(ended).not.toHaveBeenCalled();
  state.set(idle);
  await turn();
  expect(ended).toHaveBeenCalledOnce();
});

it('does not wait for what another tab sends', async () => {
  const { ended, turn } = draining({ ...idle, sent: { known: true, pending: 1 } }, () => false);
  await turn();
  expect(ended).toHaveBeenCalledOnce();
});

it.each([
  ['without a network', { ...offline, sent: { known: true, pending: 1 } }],
  [
    'where this device takes nothing',
    { ...idle, saved: { known: true, pending: 1 }, storage: { kind: 'custom', state: 'failing' } },
  ],
] as const)('does not wait %s', async (_, state) => {
  const { ended, turn } = draining(state);
  await turn();
  expect(ended).toHaveBeenCalledOnce();
});

it('stops waiting after a time limit', async () => {
  const { clock, ended, turn } = draining({ ...idle, sent: { known: true, pending: 1 } });
  clock.advance(2_000);
  await turn();
  expect(ended).toHaveBeenCalledOnce();
  expect(clock.waiting).toBe(0);
});

it('waits for an edit made in the same turn in which sync is closed', async () => {
  const node = await createAgentNode();
  const written: (() => void)[] = [];
  node.setStorage({
    ...createMemoryStorage(),
    store: (_content, _correct, done?: () => void) => void (done && written.push(done)),
  });
  const status = createReadable<StorageStatus>({ kind: 'custom', state: 'ok' });
  const sync = startSync({
    node,
    sync: false,
    storage: { status },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  const map = node.createGroup().createMap();
  map.set('a', 1);
  const closed = vi.fn();
  const closing = sync.close().then(closed);
  await until(() => expect(written.length).toBeGreaterThan(0));
  expect(closed).not.toHaveBeenCalled();
  for (const done of written) done();
  await closing;
  expect(sync.current.saved.pending).toBe(0);
});
