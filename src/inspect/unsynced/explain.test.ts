import type { LocalNode, RawCoMap } from 'cojson';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRelay, type Relay } from '../../relay/index.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { createInspector, type Inspector } from '../index.ts';
import { until } from '../../../test/support/until.ts';
import { setDelivered } from '../../worker/delivered-nodes.ts';
import { explain } from './explain.ts';

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
  const [startedSync, startedInspector] = [sync, inspector];
  ends.push(
    () => startedSync.close(),
    () => startedInspector.close(),
  );
}

const verdict = (id: string = map.id) => inspector.explain(id).verdict;

describe('explanation of a CoValue', () => {
  it('[DELIV-1] says that the service worker sends it after the last tab, only if the browser was asked to', async () => {
    await until(() => expect(verdict()).toBe('All edits from this device are confirmed by every relay'));
    sync.pause();
    map.set('title', 'Edited');
    const ofWorker = () =>
      inspector.explain(map.id).evidence.filter((sentence) => sentence.includes('service worker'));
    await until(() => expect(verdict()).toBe('Paused'));
    expect(ofWorker()).toEqual([]);
    setDelivered(node, true);
    expect(ofWorker()).toHaveLength(1);
    setDelivered(node, false);
    expect(ofWorker()).toEqual([]);
  });

  it('reports that all of it arrived, and what this device holds', async () => {
    await until(() => expect(verdict()).toBe('All edits from this device are confirmed by every relay'));
    const { evidence, next } = inspector.explain(map.id);
    expect(evidence).toContain('1 transaction in 1 session here.');
    expect(evidence).toContain(`${new URL(relay.url).host} is connected.`);
    expect(next).toBe('Nothing.');
  });

  it('does not call edits confirmed before those of earlier runs are known', async () => {
    await until(() => expect(verdict()).toContain('confirmed by every relay'));
    const { overview, ...snapshot } = inspector.snapshot();
    const rungs = { ...overview.rungs, confirmed: { known: false, pending: 0 } };
    const unloaded = (await createAgentNode()).createGroup().id;
    for (const id of [map.id, unloaded])
      expect(explain(id, { ...snapshot, overview: { ...overview, rungs } }, node)).toMatchObject({
        cause: 'checking',
        step: 'wait',
        verdict: 'No edit from this run is waiting; edits from earlier runs are being checked',
      });
  });

  it('does not speak of earlier runs if the browser refuses their database', async () => {
    await until(() => expect(verdict()).toContain('confirmed by every relay'));
    const { overview, ...snapshot } = inspector.snapshot();
    const error = { code: 'STORAGE_UNAVAILABLE', message: 'Allow storage for this site.' } as const;
    const refused = {
      ...snapshot,
      overview: { ...overview, storage: { kind: 'memory', state: 'memory-only', error } as const },
    };
    const unloaded = (await createAgentNode()).createGroup().id;
    for (const id of [map.id, unloaded])
      expect(explain(id, refused, node)).toMatchObject({
        cause: 'storage-refused',
        step: 'check-storage',
        verdict: 'No edit from this run is waiting; edits from earlier runs, if any, cannot be read',
        next: 'Allow storage for this site.',
      });
  });

  it('[CONF-13] reports that nobody counts an edit, and why', async () => {
    const { group } = map;
    group.removeMember(node.getCurrentAgent().id as 'everyone');
    map.set('title', 'Another', 'trusting');
    await until(() => expect(verdict()).toMatch(/^Not counted: you were removed at \d\d:\d\d$/));
    const { evidence, next } = inspector.explain(map.id);
    expect(evidence).toContain('Every device ignores 1 edit from this device.');
    expect(evidence).toContain('cojson: Transactor has no write permissions.');
    expect(next).toContain('make the edit again');
    await until(() => expect(inspector.snapshot().overview.notCounted).toBe(1));
    await until(() => expect(sync.current.confirmed.pending).toBe(0));
    expect(inspector.snapshot().unsynced).toMatchObject([
      {
        id: map.id,
        steps: { confirmed: 'reached' },
        reason: { kind: 'not-counted', edits: 1, why: 'not-a-member-then', roleChange: { role: 'revoked' } },
      },
    ]);
    expect(inspector.snapshot().unsynced).toBe(inspector.snapshot().unsynced);
  });

  it('reports that sync is paused, which relay lacks it, and what to do', async () => {
    await until(() => expect(sync.current.status).toBe('confirmed'));
    sync.pause();
    map.set('title', 'Another');
    await until(() => expect(verdict()).toBe('Paused'));
    const { evidence, next } = inspector.explain(map.id);
    expect(next).toContain('Resume');
    expect(evidence).toContain(`Missing from ${new URL(relay.url).host}.`);
    expect(evidence.join(' ')).not.toContain('Another');
  });

  it('reports that sync is switched off', async () => {
    await sync.close();
    node = await createAgentNode();
    follow(false);
    map = node.createGroup().createMap();
    expect(verdict()).toBe('Sync is switched off');
    expect(inspector.explain(map.id).next).toContain('sync');
  });

  it('distinguishes loading, not found and deleted', async () => {
    await until(() => expect(sync.current.status).toBe('confirmed'));
    const missing = (await createAgentNode()).createGroup().id;
    const loading = node.load(missing);
    expect(verdict(missing)).toBe('Being loaded');
    expect(await loading).toBe('unavailable');
    expect(verdict(missing)).toMatch(/^Not found/);
    map.core.deleteCoValue();
    await until(() => expect(verdict()).toBe('Deleted, and no edit is waiting to sync'));
  });

  it('reports that the page has not loaded it, without loading it', async () => {
    const unknown = (await createAgentNode()).createGroup().id;
    await until(() =>
      expect(verdict(unknown)).toBe('Not loaded in this page, and no edit is waiting to sync'),
    );
    expect(node.isCoValueInMemory(unknown)).toBe(false);
  });

  it('rejects text that is not an ID', () => {
    expect(inspector.explain('<b>co_z1</b>')).toMatchObject({
      verdict: 'Not the ID of a CoValue',
      next: expect.stringContaining('map.id') as string,
    });
  });

  // Runs last because it closes the relay.
  it('reports that the relay is unreachable, and when the next attempt is', async () => {
    await until(() => expect(sync.current.status).toBe('confirmed'));
    await relay.close();
    map.set('title', 'Another');
    await until(() =>
      expect(verdict()).toMatch(/^Relay unreachable for .+: nothing at 127\.0\.0\.1:\d+ answers this page, /),
    );
    expect(inspector.explain(map.id)).toMatchObject({ cause: 'unreachable', step: 'check-relay' });
    expect(inspector.explain(map.id).evidence).toContain(
      'The relay’s address comes from the `url` that the app passed.',
    );
    const [row] = inspector.snapshot().unsynced;
    expect(row?.reason).toMatchObject({ kind: 'not-connected', outage: { kind: 'unreachable' } });
    expect(inspector.explain(map.id).reason).toEqual(row?.reason);
  });
});
