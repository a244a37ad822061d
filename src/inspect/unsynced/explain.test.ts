import type { LocalNode, RawCoMap } from 'cojson';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createRelay, type Relay } from '../../relay/index.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createInspector, type Inspector } from '../index.ts';

vi.setConfig({ testTimeout: 60_000 });

let relay: Relay;
beforeAll(async () => {
  relay = await createRelay({ storage: 'memory:', port: 0, logger: silentLogger, drainMs: 0 });
});
afterAll(() => relay.close());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let node: LocalNode;
let sync: SyncPeers;
let inspector: Inspector;
let map: RawCoMap;

beforeEach(async () => {
  node = await createAgentNode();
  follow({ url: `${relay.url}/sync` });
  map = node.createGroup().createMap({ title: 'Crew list' });
});

function follow(where: { readonly url: string } | false): void {
  sync = startSync({
    node,
    sync: where,
    storage: { status: foreignStorageStatus(node) },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  inspector = createInspector(sync);
  const [own, its] = [sync, inspector];
  ends.push(
    () => own.close(),
    () => its.close(),
  );
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const verdict = (id: string = map.id) => inspector.explain(id).verdict;

describe('an agent that asks about a CoValue is told', () => {
  it('that all of it arrived, and what is here', async () => {
    await until(() => expect(verdict()).toBe('All edits of this device are confirmed by every relay'));
    const { evidence, next } = inspector.explain(map.id);
    expect(evidence).toContain('1 transaction in 1 session here.');
    expect(evidence).toContain(`${new URL(relay.url).host} is connected.`);
    expect(next).toBe('Nothing.');
  });

  it('that sync is paused, what has not arrived where, and what to do', async () => {
    await until(() => expect(sync.current.status).toBe('confirmed'));
    sync.pause();
    map.set('title', 'Another');
    await until(() => expect(verdict()).toBe('Paused'));
    const { evidence, next } = inspector.explain(map.id);
    expect(next).toContain('Resume');
    expect(evidence).toContain(`Missing at ${new URL(relay.url).host}.`);
    expect(evidence.join(' ')).not.toContain('Another');
  });

  it('that sync is switched off', async () => {
    await sync.close();
    node = await createAgentNode();
    follow(false);
    map = node.createGroup().createMap();
    expect(verdict()).toBe('Sync is switched off');
    expect(inspector.explain(map.id).next).toContain('sync');
  });

  it('that it is being loaded, not found, or deleted', async () => {
    await until(() => expect(sync.current.status).toBe('confirmed'));
    const missing = (await createAgentNode()).createGroup().id;
    const loading = node.load(missing);
    expect(verdict(missing)).toBe('Being loaded');
    expect(await loading).toBe('unavailable');
    expect(verdict(missing)).toMatch(/^Not found/);
    map.core.deleteCoValue();
    await until(() => expect(verdict()).toBe('Deleted, and the deletion has arrived'));
  });

  it('that this page has not loaded it, and loads nothing', async () => {
    const unknown = (await createAgentNode()).createGroup().id;
    expect(verdict(unknown)).toBe('Not loaded in this page, and nothing of it waits');
    expect(node.isCoValueInMemory(unknown)).toBe(false);
  });

  it('that something is no id', () => {
    expect(inspector.explain('<b>co_z1</b>')).toMatchObject({
      verdict: 'Not the id of a CoValue',
      next: expect.stringContaining('map.id') as string,
    });
  });

  // The last one: it ends the relay.
  it('that there is no relay to connect to, and when it is tried again', async () => {
    await until(() => expect(sync.current.status).toBe('confirmed'));
    await relay.close();
    map.set('title', 'Another');
    await until(() => expect(verdict()).toMatch(/^Not connected for .+, next attempt/));
    expect(inspector.explain(map.id).evidence.join(' ')).toContain('RELAY_');
  });
});
