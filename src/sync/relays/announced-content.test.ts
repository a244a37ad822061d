import { cojsonInternals, type LocalNode, type RawCoMap, type SyncMessage } from 'cojson';
import { expect, it } from 'vitest';
import { createInstantPacer } from '../../../test/support/instant-pacer.ts';
import type { Content } from '../../engine/content.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { genesisTimeMs } from '../../session/account/version-1.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createDroppedContent } from './dropped-content.ts';

async function agent(): Promise<LocalNode> {
  const crypto = await createSessionCrypto();
  const agentSecret = crypto.newRandomAgentSecret();
  const sessionID = crypto.newRandomSessionID(crypto.getAgentID(agentSecret));
  return createSessionNode({ crypto, agentSecret, sessionID, genesisTimeMs });
}

function contentOf({ core }: Pick<RawCoMap, 'core'>): Content[] {
  return structuredClone(core.newContentSince() ?? []);
}

/** What is sent of a change of the map. */
function changeOf(map: RawCoMap, value: number): Content[] {
  const before = map.core.knownState();
  map.set('a', value, 'trusting');
  return structuredClone(map.core.newContentSince(before) ?? []);
}

/** A node with relays of these names, and the value of another one. */
async function start() {
  const [author, node] = [await agent(), await agent()];
  const group = author.createGroup();
  group.addMember('everyone', 'reader');
  const map = group.createMap({ a: 1 }, null, 'trusting');
  const clock = createFakeClock();
  const droppedContent = createDroppedContent({
    node,
    clock,
    pacer: createInstantPacer(),
    onDropped: () => {},
  });
  function relay(id: string) {
    const [peer, other] = cojsonInternals.connectedPeers(id, 'client', {
      peer1role: 'server',
      peer2role: 'client',
    });
    const asked: SyncMessage[] = [];
    other.incoming.onMessage((message) => {
      if (message !== 'Disconnected' && message.action === 'load' && message.id === map.id)
        asked.push(message);
    });
    node.syncManager.addPeer(peer);
    const state = node.syncManager.peers[id];
    if (!state) throw new Error('No peer.');
    return {
      asked,
      send(...contents: readonly Content[]) {
        for (const content of contents) node.syncManager.handleNewContent(content, state);
      },
    };
  }
  const invented = { [`${map.id}_session_z2`]: 1_000_000 };
  const announcement: Content = {
    action: 'content',
    id: map.id,
    priority: 3,
    new: {},
    expectContentUntil: invented,
  };
  return { node, group, map, clock, droppedContent, relay, announcement };
}

it('[SEC-16] what a relay announces and does not send counts only for a while, and not again', async () => {
  const { node, group, map, clock, relay, announcement } = await start();
  const hostile = relay('hostile');
  relay('honest').send(...contentOf(group), ...contentOf(map));
  const core = node.getCoValue(map.id);
  hostile.send(announcement);
  expect(core.isCompletelyDownloaded()).toBe(false);
  clock.advance(8_000);
  expect(core.isCompletelyDownloaded()).toBe(true);
  hostile.send(announcement);
  expect(core.isCompletelyDownloaded()).toBe(true);
});

it('[SEC-16] what a relay announces counts only while it is connected', async () => {
  const { node, group, map, droppedContent, relay, announcement } = await start();
  relay('honest').send(...contentOf(group), ...contentOf(map));
  relay('hostile').send(announcement);
  const core = node.getCoValue(map.id);
  expect(core.isCompletelyDownloaded()).toBe(false);
  droppedContent.lost('hostile');
  expect(core.isCompletelyDownloaded()).toBe(true);
});

it('[SEC-16] another relay is asked for what one has announced', async () => {
  const { group, map, relay } = await start();
  const [hostile, honest] = [relay('hostile'), relay('honest')];
  const sessions = map.core.knownState().sessions;
  const [first] = contentOf(map);
  if (!first) throw new Error('No content.');
  hostile.send(...contentOf(group), { ...first, new: {}, expectContentUntil: sessions });
  await expect.poll(() => honest.asked).toEqual([expect.objectContaining({ header: true, sessions: {} })]);
});

it('[SEC-16] waits for the rest of what a relay sends even if the first piece waits a long time for its group', async () => {
  const { node, group, map, clock, relay } = await start();
  const honest = relay('honest');
  const [first] = contentOf(map);
  if (!first) throw new Error('No content.');
  const last = changeOf(map, 2);
  honest.send({ ...first, expectContentUntil: map.core.knownState().sessions });
  clock.advance(9_000);
  honest.send(...contentOf(group));
  const core = node.getCoValue(map.id);
  await expect.poll(() => core.isAvailable()).toBe(true);
  expect(core.isCompletelyDownloaded()).toBe(false);
  honest.send(...last);
  expect(core.isCompletelyDownloaded()).toBe(true);
});

it('waits for a relay that sends the next piece in time, until all is here', async () => {
  const { node, group, map, clock, relay } = await start();
  const honest = relay('honest');
  const pieces: Content[] = contentOf(map);
  for (let n = 0; n < 3; n++) pieces.push(...changeOf(map, n));
  const [first, ...others] = pieces;
  if (!first) throw new Error('No content.');
  const core = node.getCoValue(map.id);
  honest.send(...contentOf(group), { ...first, expectContentUntil: map.core.knownState().sessions });
  for (const piece of others) {
    clock.advance(4_000);
    expect(core.isCompletelyDownloaded()).toBe(false);
    honest.send(piece);
  }
  expect(core.isCompletelyDownloaded()).toBe(true);
});

/** A relay announces more of a map than there is, of which another one has sent all. */
async function startWithTooMuch() {
  const { node, group, map, clock, relay, announcement } = await start();
  const [hostile, honest] = [relay('hostile'), relay('honest')];
  honest.send(...contentOf(group), ...contentOf(map));
  const sessions = Object.fromEntries(
    Object.keys(map.core.knownState().sessions).map((sessionID) => [sessionID, 1_000_000]),
  );
  hostile.send({ ...announcement, expectContentUntil: sessions });
  return { map, clock, hostile, honest, core: node.getCoValue(map.id) };
}

it('[SEC-16] what others send of the value does not count as what a relay has announced', async () => {
  const { map, clock, honest, core } = await startWithTooMuch();
  for (let n = 0; n < 2; n++) {
    expect(core.isCompletelyDownloaded()).toBe(false);
    honest.send(...changeOf(map, n));
    clock.advance(4_000);
  }
  expect(core.isCompletelyDownloaded()).toBe(true);
});

it('[SEC-16] a relay that sends a little again and again does not keep a value from loading', async () => {
  const { map, clock, hostile, core } = await startWithTooMuch();
  for (let n = 0; n < 900; n++) {
    hostile.send(...changeOf(map, n));
    clock.advance(4_000);
  }
  expect(core.isCompletelyDownloaded()).toBe(true);
});
