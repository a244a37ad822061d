import { cojsonInternals, type LocalNode, type RawCoMap, type SyncMessage } from 'cojson';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createPacer } from '../../base/pacer.ts';
import { createFakeTasks, type FakeTasks } from '../../../test/support/platform/fake-tasks.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createDownload, type Download } from './download.ts';
import { paceReleases } from '../../engine/release-pacing.ts';

let nowMs: number;
let tasks: FakeTasks;
let node: LocalNode;
let author: LocalNode;
let download: Download;
let tell: (message: SyncMessage) => void;
let isOpen: boolean;
const asked: SyncMessage[] = [];
const onCaughtUp = vi.fn();

beforeEach(async () => {
  vi.clearAllMocks();
  // On a busy machine cojson would otherwise pause in the middle of what a test delivers.
  cojsonInternals.setIncomingMessagesTimeBudget(Infinity);
  asked.length = nowMs = 0;
  isOpen = true;
  tasks = createFakeTasks();
  [node, author] = [await createAgentNode(), await createAgentNode()];
  download = createDownload({ node, relayID: 'relay', onCaughtUp });
  const { handleSyncMessage, handleNewContent } = node.syncManager;
  node.syncManager.handleNewContent = (content, from) => {
    nowMs += 3;
    handleNewContent.call(node.syncManager, content, from);
  };
  node.syncManager.handleSyncMessage = (message, peer) => {
    handleSyncMessage.call(node.syncManager, message, peer);
    download.handled(message);
  };
  paceReleases(node, createPacer({ nowMs: () => nowMs, nextTask: tasks.nextTask }));
});

function connect() {
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  tell = (message) => incoming.push(message);
  node.syncManager.removePeer('relay');
  node.syncManager.addPeer({
    id: 'relay',
    role: 'server',
    persistent: true,
    incoming,
    outgoing: {
      push(message) {
        if (message === 'Disconnected') return;
        asked.push(message);
        if (isOpen) download.sent(message);
      },
      close: () => {},
      onClose: () => {},
    },
  });
  download.connected();
}

function library(mapCount: number) {
  const group = author.createGroup();
  group.addMember('everyone', 'reader');
  return { group, maps: Array.from({ length: mapCount }, (_, at) => group.createMap({ at })) };
}
const contentOf = ({ core }: Pick<RawCoMap, 'core'>) => core.newContentSince(undefined) ?? [];
const microtasks = () => new Promise((resolve) => setImmediate(resolve));

describe('what the relay was asked for', () => {
  it('is empty for an empty node, which has caught up at once', () => {
    expect(download.state.caughtUp).toBe(false);
    connect();
    expect(download.state).toMatchObject({ received: 0, expected: 0, caughtUp: true });
    expect(onCaughtUp).toHaveBeenCalledOnce();
  });

  it('is counted as it arrives, and as it is known to be unavailable', async () => {
    const { group, maps } = library(2);
    for (const { id } of [group, ...maps]) void node.load(id);
    await microtasks();
    connect();
    expect(download.state).toMatchObject({ received: 0, expected: 3, caughtUp: false });
    for (const content of [group, maps[0]].flatMap((map) => (map ? contentOf(map) : []))) tell(content);
    expect(download.state).toMatchObject({ received: 2, expected: 3, caughtUp: false });
    expect(onCaughtUp).not.toHaveBeenCalled();
    const [, nowhere] = maps;
    if (nowhere) tell({ action: 'known', id: nowhere.id, header: false, sessions: {} });
    expect(download.state).toMatchObject({ received: 3, expected: 3, caughtUp: true });
    expect(onCaughtUp).toHaveBeenCalledOnce();
  });

  it('[CONN-13] counts the bytes of content on this connection', () => {
    connect();
    const [content] = contentOf(library(1).group);
    if (!content) throw new Error('The group has no content.');
    download.arriving(content, 300);
    download.arriving({ action: 'known', id: content.id, header: true, sessions: {} }, 80);
    expect(download.state.bytes).toBe(300);
    download.lost();
    expect(download.state.bytes).toBe(0);
  });

  it('has not arrived while it waits for its group, or for its turn', async () => {
    const { group, maps } = library(7);
    connect();
    onCaughtUp.mockClear();
    download.lost();
    for (const { id } of maps) void node.load(id);
    connect();
    for (const content of maps.flatMap(contentOf)) tell(content);
    download.check();
    // Includes their group, which is requested too.
    expect(download.state).toMatchObject({ received: 0, expected: 8, caughtUp: false });
    for (const content of contentOf(group)) tell(content);
    await microtasks();
    download.check();
    expect(download.state.caughtUp).toBe(false);
    expect(onCaughtUp).not.toHaveBeenCalled();
    await tasks.runAll();
    download.check();
    expect(download.state).toMatchObject({ received: 8, expected: 8, caughtUp: true });
    expect(onCaughtUp).toHaveBeenCalledOnce();
  });

  it('has not arrived before its last piece', () => {
    const { group, maps } = library(1);
    const [map] = maps;
    if (!map) throw new Error('There is one.');
    for (let at = 0; at < 5; at++) map.set('long', `${at}`.repeat(60_000), 'private');
    const pieces = contentOf(map);
    expect(pieces.length).toBeGreaterThan(1);
    connect();
    for (const content of contentOf(group)) tell(content);
    void node.load(map.id);
    for (const piece of pieces) {
      expect(download.state.caughtUp).toBe(false);
      tell(piece);
    }
    expect(download.state).toMatchObject({ received: 1, caughtUp: true });
  });

  it('includes what cojson has not requested yet, because it requests in batches', async () => {
    const usual = cojsonInternals.CO_VALUE_LOADING_CONFIG.MAX_IN_FLIGHT_LOADS_PER_PEER;
    cojsonInternals.setMaxInFlightLoadsPerPeer(2);
    try {
      connect();
      const { maps } = library(5);
      for (const { id } of maps) void node.load(id);
      await microtasks();
      expect(asked).toHaveLength(2);
      expect(download.state).toMatchObject({ received: 0, expected: 5, caughtUp: false });
      for (const { id } of maps) tell({ action: 'known', id, header: false, sessions: {} });
      expect(download.state).toMatchObject({ received: 5, expected: 5, caughtUp: true });
    } finally {
      cojsonInternals.setMaxInFlightLoadsPerPeer(usual);
    }
  });

  it('is missing before the request has left this device', async () => {
    const { maps } = library(3);
    for (const { id } of maps) void node.load(id);
    await microtasks();
    isOpen = false;
    connect();
    expect(download.state).toMatchObject({ received: 0, expected: 3, caughtUp: false });
    expect(onCaughtUp).not.toHaveBeenCalled();
  });

  it('catches up once, whatever is requested later', async () => {
    connect();
    const { maps } = library(1);
    for (const { id } of maps) void node.load(id);
    await microtasks();
    expect(download.state.caughtUp).toBe(false);
    for (const { id } of maps) tell({ action: 'known', id, header: false, sessions: {} });
    expect(download.state.caughtUp).toBe(true);
    expect(onCaughtUp).toHaveBeenCalledOnce();
  });

  it('is reported anew on the next connection', async () => {
    connect();
    const { maps } = library(1);
    for (const { id } of maps) void node.load(id);
    await microtasks();
    download.lost();
    expect(download.state).toMatchObject({ received: 0, expected: 0, caughtUp: false });
    onCaughtUp.mockClear();
    connect();
    expect(download.state).toMatchObject({ received: 0, expected: 1, caughtUp: false });
    for (const { id } of maps) tell({ action: 'known', id, header: false, sessions: {} });
    expect(onCaughtUp).toHaveBeenCalledOnce();
  });
});
