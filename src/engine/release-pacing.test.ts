import {
  cojsonInternals,
  type CojsonInternalTypes,
  type LocalNode,
  type RawCoMap,
  type SyncMessage,
} from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPacer } from '../base/pacer.ts';
import { createFakeTasks, type FakeTasks } from '../../test/support/platform/fake-tasks.ts';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import type { Content } from './content.ts';
import { paceReleases, type ReleasePacing } from './release-pacing.ts';

type KnownState = CojsonInternalTypes.KnownStateMessage;

let nowMs: number;
let tasks: FakeTasks;
let node: LocalNode;
let releases: ReleasePacing;
let push: (content: Content | KnownState) => void;
/** IDs that the node requested from the relay. */
let asked: string[];
/** IDs of CoValues in the order in which they became available, grouped by task. */
let log: string[][];
beforeEach(async () => {
  nowMs = 0;
  tasks = createFakeTasks();
  log = [[]];
  node = await createAgentNode();
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  asked = [];
  const outgoing = {
    push: (message: SyncMessage | 'Disconnected') => {
      if (message !== 'Disconnected' && message.action === 'load') asked.push(message.id);
    },
    close: () => {},
    onClose: () => {},
  };
  node.syncManager.addPeer({ id: 'relay', incoming, outgoing, role: 'server', persistent: true });
  push = (content) => incoming.push(content);
  const { handleNewContent } = node.syncManager;
  node.syncManager.handleNewContent = (content, from) => {
    const wasThere = node.getCoValue(content.id).isAvailable();
    handleNewContent.call(node.syncManager, content, from);
    if (wasThere || !node.getCoValue(content.id).isAvailable()) return;
    nowMs += 3;
    log.at(-1)?.push(content.id);
  };
  const pacer = createPacer({ nowMs: () => nowMs, nextTask: tasks.nextTask });
  releases = paceReleases(node, pacer);
});

const microtasks = () => new Promise((resolve) => setImmediate(resolve));
const contentOf = ({ core }: Pick<RawCoMap, 'core'>) => core.newContentSince(undefined) ?? [];
async function library(mapCount: number) {
  const group = (await createAgentNode()).createGroup();
  group.addMember('everyone', 'reader');
  const maps = Array.from({ length: mapCount }, (_, at) => group.createMap({ at }));
  return { group, maps };
}
async function runAll() {
  while (tasks.isWaited) {
    log.push([]);
    await tasks.runOne();
  }
}

describe('contents whose group arrives last', () => {
  it('are handled a few at a time, in the order in which they arrived', async () => {
    const { group, maps } = await library(7);
    for (const content of maps.flatMap(contentOf)) push(content);
    await runAll();
    expect(log.flat()).toEqual([]);

    log = [[]];
    for (const content of contentOf(group)) push(content);
    await microtasks();
    await runAll();
    const [a, b, c, d, e, f, g] = maps.map(({ id }) => id);
    expect(log).toEqual([[group.id, a], [b, c, d], [e, f, g], []]);
    expect(releases.waiting).toBe(0);
    for (const { id } of maps) expect(node.getCoValue(id).isAvailable()).toBe(true);
  });

  it('are handled before later contents of the same CoValue', async () => {
    const { group, maps } = await library(5);
    const last = maps.at(-1);
    if (!last) throw new Error('The library is empty.');
    for (const content of maps.flatMap(contentOf)) push(content);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    expect(releases.waiting).toBeGreaterThan(0);
    const before = last.core.knownState();
    last.set('at', 'later', 'private');
    for (const content of last.core.newContentSince(before) ?? []) push(content);
    expect(node.getCoValue(last.id).isAvailable()).toBe(false);
    await runAll();
    expect(node.getCoValue(last.id).knownState()).toEqual(last.core.knownState());
  });

  it('are handled at once when the storage hands out later content', async () => {
    const { group, maps } = await library(5);
    for (const content of maps.flatMap(contentOf)) push(content);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    const last = maps.at(-1);
    if (!last) throw new Error('The library is empty.');
    expect(node.getCoValue(last.id).isAvailable()).toBe(false);
    const before = last.core.knownState();
    last.set('at', 'later', 'private');
    for (const content of last.core.newContentSince(before) ?? []) {
      node.syncManager.handleNewContent(content, 'storage');
    }
    expect(node.getCoValue(last.id).knownState()).toEqual(last.core.knownState());
    await runAll();
    expect(releases.waiting).toBe(0);
  });

  it('are all handled when the pacing ends', async () => {
    const { group, maps } = await library(5);
    for (const content of maps.flatMap(contentOf)) push(content);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    releases.end();
    for (const { id } of maps) expect(node.getCoValue(id).isAvailable()).toBe(true);
    await runAll();
    expect(log.flat()).toHaveLength(6);
  });

  it('share one listener and one request for the group', async () => {
    const { group, maps } = await library(30);
    for (const content of maps.flatMap(contentOf)) push(content);
    await runAll();
    // The listeners that cojson adds for the first content, and one for all other contents.
    expect(node.getCoValue(group.id).listeners.size).toBeLessThanOrEqual(4);
    expect(asked).toEqual([group.id]);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    await runAll();
    expect(maps.filter(({ id }) => node.getCoValue(id).isAvailable())).toHaveLength(30);
  });

  it('keep waiting while the group itself lacks a dependency', async () => {
    const elsewhere = await createAgentNode();
    const [parent, group] = [elsewhere.createGroup(), elsewhere.createGroup()];
    for (const member of [parent, group]) member.addMember('everyone', 'reader');
    group.extend(parent);
    const maps = Array.from({ length: 5 }, (_, at) => group.createMap({ at }));
    for (const content of [...maps.flatMap(contentOf), ...contentOf(group)]) push(content);
    await runAll();
    expect(log.flat()).toEqual([]);
    for (const content of contentOf(parent)) push(content);
    await microtasks();
    await runAll();
    expect(log.flat()).toEqual([parent.id, group.id, ...maps.map(({ id }) => id)]);
  });

  it('request the group again after the relay did not have it', async () => {
    const { group, maps } = await library(4);
    const [first, second, third, fourth] = maps.map(contentOf);
    for (const content of [...(first ?? []), ...(second ?? [])]) push(content);
    push({ action: 'known', id: group.id, header: false, sessions: {} });
    await runAll();
    expect(asked).toEqual([group.id]);
    for (const content of [...(third ?? []), ...(fourth ?? [])]) push(content);
    await runAll();
    expect(asked).toEqual([group.id, group.id]);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    await runAll();
    expect(maps.every(({ id }) => node.getCoValue(id).isAvailable())).toBe(true);
  });

  it('are handled after the pacing ends, when an import brings the group', async () => {
    const { group, maps } = await library(6);
    for (const content of maps.flatMap(contentOf)) push(content);
    await runAll();
    releases.end();
    for (const content of contentOf(group)) node.syncManager.handleNewContent(content, 'import');
    await microtasks();
    await runAll();
    for (const { id } of maps) expect(node.getCoValue(id).isAvailable()).toBe(true);
  });
});
