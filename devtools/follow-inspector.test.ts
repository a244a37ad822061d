import type { LocalNode } from 'cojson';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createAgentNode } from '../test/support/sync/stock-relay.ts';
import type { Inspector } from '../src/inspect/inspector.ts';
import { headlineOf } from '../src/inspect/report/headline.ts';
import type { InspectorTarget } from '../src/inspect/target.ts';
import { activate } from '../src/session/active-session.ts';
import type { Session } from '../src/session/session.ts';
import { setupSyncPeers } from '../src/sync/setup-sync-peers.ts';
import type { SyncPeers } from '../src/sync/sync-peers.ts';
import { followInspector } from './follow-inspector.ts';
import { until } from '../test/support/until.ts';

const nowhere = 'ws://127.0.0.1:9/sync';

let node: LocalNode;
let sync: SyncPeers;
let inspectors: (Inspector | undefined)[];

beforeEach(async () => {
  node = await createAgentNode();
  sync = connect();
  inspectors = [];
});

function connect(): SyncPeers {
  const connected = setupSyncPeers({ node, url: nowhere });
  onTestFinished(() => connected.close());
  return connected;
}

function follow(target?: InspectorTarget): () => void {
  const stop = followInspector(target, (inspector) => inspectors.push(inspector));
  onTestFinished(stop);
  return stop;
}

const phases = () => inspectors.at(-1)?.overview.current.relays.map(({ phase }) => phase);

function openSession(): Session {
  const session = { node, sync, on: () => () => {} } as unknown as Session;
  activate(session);
  return session;
}

test.each([
  ['a node', () => node],
  ['a sync', () => sync],
  ['the active session', () => void openSession()],
])('inspects the next sync of %s whose sync was closed', async (_, target) => {
  follow(target());
  await sync.close();
  expect(phases()).toEqual(['closed']);
  connect();
  await until(() => expect(inspectors).toHaveLength(2));
  expect(phases()).not.toEqual(['closed']);
});

test('ignores the syncs of other nodes, and those that begin after it was stopped', async () => {
  const stop = follow(node);
  node = await createAgentNode();
  connect();
  stop();
  await sync.close();
  setupSyncPeers({ node, url: nowhere });
  await Promise.resolve();
  expect(inspectors.map((inspector) => inspector !== undefined)).toEqual([true, false]);
});

test('counts an edit made after the sync was closed', async () => {
  follow(node);
  await sync.close();
  expect(headlineOf(inspectors[0]?.overview.current, 0).sentence).toBe('Sync has ended');
  node.createGroup();
  await until(() =>
    expect(headlineOf(inspectors[0]?.overview.current, 0).sentence).toContain('1 CoValue not confirmed'),
  );
});
