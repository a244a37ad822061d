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
import { paceReleases, type PacedReleases } from './release-pacing.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;
type KnownState = CojsonInternalTypes.KnownStateMessage;

let nowMs: number;
let tasks: FakeTasks;
let node: LocalNode;
let releases: PacedReleases;
let push: (content: NewContent | KnownState) => void;
/** What the node asked the relay for. */
let asked: string[];
/** Ids of the maps in the order in which they became readable, by the task it was in. */
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

describe('contents that waited for a group', () => {
  it('are dealt with a few at a time, in the order in which they came', async () => {
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

  it('come before what follows on them', async () => {
    const { group, maps } = await library(5);
    const last = maps.at(-1);
    if (!last) throw new Error('There are five.');
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

  it('are there at once for the storage, which looks for them', async () => {
    const { group, maps } = await library(5);
    for (const content of maps.flatMap(contentOf)) push(content);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    const last = maps.at(-1);
    if (!last) throw new Error('There are five.');
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

  it('are all there when the pacing ends', async () => {
    const { group, maps } = await library(5);
    for (const content of maps.flatMap(contentOf)) push(content);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    releases.end();
    for (const { id } of maps) expect(node.getCoValue(id).isAvailable()).toBe(true);
    await runAll();
    expect(log.flat()).toHaveLength(6);
  });

  it('are not listened for one by one: what they all lack is told once that it is there', async () => {
    const { group, maps } = await library(30);
    for (const content of maps.flatMap(contentOf)) push(content);
    await runAll();
    // cojson's own for the first of them, and one for the others.
    expect(node.getCoValue(group.id).listeners.size).toBeLessThanOrEqual(4);
    expect(asked).toEqual([group.id]);
    for (const content of contentOf(group)) push(content);
    await microtasks();
    await runAll();
    expect(maps.filter(({ id }) => node.getCoValue(id).isAvailable())).toHaveLength(30);
  });

  it('wait on where the group itself lacks something', async () => {
    const elsewhere = await createAgentNode();
    const [parent, group] = [elsewhere.createGroup(), elsewhere.createGroup()];
    for (const each of [parent, group]) each.addMember('everyone', 'reader');
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

  it('have it asked for again where the relay did not have it', async () => {
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

  it('that are held are there when the pacing ends, or when an import brings what they lack', async () => {
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
