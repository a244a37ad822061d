import type { LocalNode, RawCoMap } from 'cojson';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRelay, type Relay } from '../../relay/index.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import { readStates } from './covalue-states.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';
import { until } from '../../../test/support/until.ts';

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

let here: { node: LocalNode; sync: SyncPeers };
let there: { node: LocalNode; sync: SyncPeers };
let inspector: Inspector;
let theirs: RawCoMap;

async function device() {
  const node = await createAgentNode();
  const sync = startMemorySync(node, { url: `${relay.url}/sync` });
  ends.push(() => sync.close());
  return { node, sync };
}

beforeEach(async () => {
  here = await device();
  there = await device();
  inspector = createInspector(here.sync);
  ends.push(() => inspector.close());
  theirs = there.node.createGroup().createMap();
  theirs.set('before', 1);
  await there.sync.whenConfirmed();
});

const count = (node: LocalNode, { id }: RawCoMap) =>
  Object.values(node.getCoValue(id).knownState().sessions).reduce((sum, one) => sum + one, 0);
const arrives = () => until(() => expect(count(here.node, theirs)).toBe(count(there.node, theirs)));

describe('a recording', () => {
  it('[PANEL-9] of a run with faults replays to the same final state three times', async () => {
    const mine = here.node.createGroup().createMap();
    mine.set('early', 1);
    inspector.controls.setFaults({
      seed: 4127,
      up: { duplicate: 0.2, delayMs: [0, 5] },
      down: { delayMs: [0, 10], duplicate: 0.05, dropTail: { chance: 0.05, breaksAfterMs: [0, 20] } },
    });
    const { stop } = inspector.controls.record();
    await here.node.load(theirs.id);
    for (let index = 0; index < 30; index++) {
      theirs.set(`n${index}`, 'x'.repeat(index), 'private');
      mine.set(`n${index}`, index);
      if (index % 10 === 5) here.node.createGroup().createMap().set('made', index);
      await there.sync.flush();
    }
    await arrives();
    const { recording: running, faults } = inspector.snapshot();
    expect(running?.messages).toBeGreaterThan(5);
    expect(faults?.done.held).toBeGreaterThan(0);
    const recording = stop();
    const expected = readStates(here.node);
    expect(expected.length).toBeGreaterThanOrEqual(10);

    const replays = [];
    for (let round = 0; round < 3; round++) {
      const { replay, overview } = await inspector.controls.replay(recording);
      expect(overview).toMatchObject({ status: 'off', relays: [] });
      replays.push(replay);
    }
    const [first] = replays;
    expect(first?.difference).toBeUndefined();
    expect(first).toMatchObject({ why: 'stopped', faultSeeds: [4127], coValues: expected.length });
    expect(new Set(replays.flatMap((replay) => [replay?.recordedHash, replay?.replayedHash])).size).toBe(1);
  }, 60_000);

  it('includes content from elsewhere that received messages build on', async () => {
    const { stop } = inspector.controls.record();
    // As if it came from this device's storage, or from another tab.
    for (const content of [theirs.group.core, theirs.core].flatMap((core) => core.newContentSince() ?? [])) {
      here.node.syncManager.handleNewContent(content, 'storage');
    }
    await here.node.load(theirs.id);
    await until(() => expect(here.sync.current.status).toBe('confirmed'));
    theirs.set('after', 2);
    await arrives();
    const lines = stop().trim().split('\n');
    const lineOf = (kind: string, action: string) =>
      lines.findIndex(
        (line) =>
          line.startsWith(`{"kind":"${kind}"`) && line.includes(`"action":"${action}","id":"${theirs.id}"`),
      );
    expect(lineOf('had', 'content')).toBeGreaterThan(0);
    expect(lineOf('arrived', 'content')).toBeGreaterThan(lineOf('had', 'content'));
    const { replay } = await inspector.controls.replay(lines.join('\n'));
    expect(replay?.difference).toBeUndefined();
    expect(replay?.replayedHash).toBe(replay?.recordedHash);
  });

  it('that lacks a message replays to a different state, and reports the difference', async () => {
    const { stop } = inspector.controls.record();
    await here.node.load(theirs.id);
    theirs.set('after', 2);
    await arrives();
    const lines = stop().trim().split('\n');
    const without = lines.filter(
      (line) =>
        !(line.includes('"arrived"') && line.includes(`"id":"${theirs.id}"`) && line.includes('"content"')),
    );
    expect(without.length).toBeLessThan(lines.length);
    const { replay } = await inspector.controls.replay(without.join('\n'));
    expect(replay?.difference).toMatchObject({ id: theirs.id });
    expect(replay?.replayedHash).not.toBe(replay?.recordedHash);
  });

  it('contains no secret, and its replay does not touch this node', async () => {
    const { stop } = inspector.controls.record();
    const secret = theirs.get('before');
    await here.node.load(theirs.id);
    await arrives();
    const recording = stop();
    expect(recording).not.toContain(here.node.agentSecret);
    expect(recording).not.toMatch(/Secret_z|"maia":"(?!recording)/);
    expect(secret).toBe(1);
    const before = JSON.stringify(readStates(here.node));
    await inspector.controls.replay(recording);
    expect(JSON.stringify(readStates(here.node))).toBe(before);
  });

  it('excludes a second one, ends with the inspector, and can be fetched afterwards', async () => {
    const { stop } = inspector.controls.record();
    expect(() => inspector.controls.record()).toThrow(/already running/);
    inspector.close();
    expect(inspector.recording.current?.why).toBe('closed');
    const { replay } = await inspector.controls.replay(stop());
    expect(replay).toMatchObject({ why: 'closed' });
    expect(stop()).toBe(stop());
    expect(inspector.recording.current).toBeUndefined();
  });
});
