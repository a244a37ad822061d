import type { LocalNode, RawCoID, RawCoMap, RawCoValue } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { createSharedDevice } from '../../../test/support/sync/shared-device.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Content } from '../../engine/content.ts';
import { startSync } from '../start-sync.ts';

const nobody = 'co_zNobodyHasThisGroup';

async function openDevice(...relays: readonly { readonly url: string }[]) {
  const { storage, memory } = createSharedDevice().openTab();
  const node = await createAgentNode();
  node.setStorage(storage);
  const sync = startSync({
    ...{ node, storage, memory, logger: silentLogger },
    sync: { relays: relays.map(({ url }) => ({ url })) },
    platform: createNodePlatform(),
  });
  onTestFinished(() => sync.close());
  await until(() => sync.current.peers.every(({ phase }) => phase === 'connected'));
  return { node, sync };
}

function contentOf({ core }: RawCoValue): readonly Content[] {
  return structuredClone(core.newContentSince() ?? []);
}

/** A map of somebody else, and a relay that has it. */
async function startWithMap() {
  const author = await createAgentNode();
  const group = author.createGroup();
  group.addMember('everyone', 'reader');
  const map = group.createMap({ a: 1 }, null, 'trusting');
  const all = [...contentOf(group), ...contentOf(map)];
  const honest = await startHostileRelay((id) => (id === map.id ? all : undefined));
  return { group, map, honest };
}

/** Begins with a header that names a group that nobody has. */
function forgedOf(map: RawCoMap): Content {
  const { header } = map.core.verified;
  const ruleset = { type: 'ownedByGroup', group: nobody } as const;
  return { action: 'content', id: map.id, priority: 3, header: { ...header, ruleset }, new: {} };
}

/** What the relay sends once the map has changed. */
function changeOf(map: RawCoMap): Content {
  const before = map.core.knownState();
  map.set('a', 2, 'trusting');
  const [content] = structuredClone(map.core.newContentSince(before) ?? []);
  if (!content) throw new Error('No content.');
  return content;
}

const wordIn = (node: LocalNode, id: RawCoID) => {
  const core = node.getCoValue(id);
  return core.isAvailable() ? (core.getCurrentContent() as RawCoMap).get('a') : undefined;
};

it('[READ-1] a forged header keeps no value that is here from changing', async () => {
  const { map, honest } = await startWithMap();
  const hostile = await startHostileRelay();
  const { node } = await openDevice(honest, hostile);
  expect(await node.load(map.id)).not.toBe('unavailable');
  hostile.send([forgedOf(map), { action: 'load', id: map.id, header: false, sessions: {} }]);
  await until(() => hostile.received.some(({ action, id }) => action === 'content' && id === map.id));
  honest.send([changeOf(map)]);
  await until(() => expect(wordIn(node, map.id)).toBe(2));
  expect(hostile.received).not.toContainEqual(expect.objectContaining({ id: nobody }));
});

it('[READ-1] a forged header keeps no value from loading that another relay has', async () => {
  const { group, map } = await startWithMap();
  const honest = await startHostileRelay((id) => (id === map.id ? [] : undefined));
  const hostile = await startHostileRelay((id) => (id === map.id ? [forgedOf(map)] : undefined));
  const { node } = await openDevice(honest, hostile);
  void node.load(map.id);
  await until(() => hostile.received.some(({ id }) => id === map.id));
  honest.send([...contentOf(group), ...contentOf(map)]);
  await until(() => expect(wordIn(node, map.id)).toBe(1));
});
