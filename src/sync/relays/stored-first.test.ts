import { cojsonInternals, type LocalNode, type RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import { createSharedDevice } from '../../../test/support/sync/shared-device.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { Content } from '../../engine/content.ts';
import { hasWaitingContent } from '../../engine/covalue-lookup.ts';
import { readStoredFirst } from './stored-first.ts';

function relayOf(node: LocalNode) {
  const [peer] = cojsonInternals.connectedPeers('relay', 'client', {
    peer1role: 'server',
    peer2role: 'client',
  });
  node.syncManager.addPeer(peer);
  return node.syncManager.peers['relay'] ?? 'import';
}

it('[READ-7] what only this device has is shown, although a relay sends the CoValue before anybody asks for it', async () => {
  const device = createSharedDevice();
  const first = await createAgentNode();
  const tab = device.openTab();
  first.setStorage(tab.storage);
  const group = first.createGroup();
  group.addMember('everyone', 'reader');
  const map = group.createMap({ a: 1 }, null, 'trusting');
  const atRelay: readonly Content[] = [group, map].flatMap(({ core }) =>
    structuredClone(core.newContentSince() ?? []),
  );
  map.set('a', 2, 'trusting');
  const count = map.core.knownState().sessions[first.currentSessionID];
  await until(async () =>
    expect((await tab.storage.stored?.states(new Set([map.id])))?.get(map.id)?.known.sessions).toEqual({
      [first.currentSessionID]: count,
    }),
  );

  const second = await createAgentNode();
  second.setStorage(device.openTab().storage);
  readStoredFirst(second);
  const relay = relayOf(second);
  const core = second.getCoValue(map.id);
  for (const content of atRelay) second.syncManager.handleNewContent(content, relay);
  expect(hasWaitingContent(core)).toBe(true);
  await until(() => core.isAvailable());
  expect((core.getCurrentContent() as RawCoMap).get('a')).toBe(2);
  expect(hasWaitingContent(core)).toBe(false);
});
