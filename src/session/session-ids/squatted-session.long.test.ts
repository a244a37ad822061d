import type { LocalNode, RawCoList, RawCoMap, SessionID } from 'cojson';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { startCuttableProxy } from '../../../test/support/relay/cuttable-proxy.ts';
import { clockWithSpeed } from '../../../test/support/session/test-sessions.ts';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { startStockRelay, type StockRelay } from '../../../test/support/sync/stock-relay.ts';
import { sessionsOf } from '../../engine/content.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import { genesisTimeMs } from '../account/version-1.ts';
import { guardSessionID } from './guard-session-id.ts';
import { until } from '../../../test/support/until.ts';

// A stranger brings what a device wrote in one CoValue to a relay as if the device had written it in another one.

let relay: StockRelay;
beforeEach(async () => {
  relay = await startStockRelay();
});
afterEach(() => relay.close());

const logger = { debug: () => {}, warn: () => {} };
const platform = { ...createNodePlatform(), clock: clockWithSpeed(5), locks: undefined };

async function device(agentSecret: LocalNode['agentSecret'], urls: readonly string[] = [relay.url]) {
  const crypto = await createSessionCrypto();
  const newID = (): SessionID => crypto.newRandomSessionID(crypto.getAgentID(agentSecret));
  const node = createSessionNode({ crypto, agentSecret, sessionID: newID(), genesisTimeMs });
  const sync = startSync({
    node,
    sync: { relays: urls.map((url) => ({ url })) },
    storage: { status: foreignStorageStatus(node) },
    platform,
    logger,
  });
  onTestFinished(() => sync.close());
  const stop = guardSessionID({
    ...{ platform, node, sync, logger, isKept: false, retiredIDs: 0 },
    retire: () => void Object.assign(node, { currentSessionID: newID() }),
    onRetired: () => Promise.resolve(),
  });
  onTestFinished(stop);
  return { node, sync };
}

type Sync = Awaited<ReturnType<typeof device>>['sync'];
const untilConfirmed = (sync: Sync) =>
  until(() => expect(sync.current).toMatchObject({ status: 'confirmed', confirmed: { pending: 0 } }));

/** The connection may not be open yet. */
function loaded<T extends RawCoMap | RawCoList>(node: LocalNode, { id }: T): Promise<T> {
  return until(async () => {
    const value = await node.load(id as RawCoMap['id']);
    if (value === 'unavailable') throw new Error('Not here yet.');
    return value as RawCoMap | RawCoList as T;
  });
}

function replay(by: LocalNode, from: RawCoMap, into: RawCoMap | RawCoList): void {
  const [content] = by.getCoValue(from.id).newContentSince() ?? [];
  if (!content) throw new Error('No content.');
  const own = sessionsOf(content).filter(([sessionID]) => sessionID === by.currentSessionID);
  relay.node.syncManager.handleNewContent(
    structuredClone({ action: 'content', id: into.id, priority: 3, new: Object.fromEntries(own) }),
    'import',
  );
}

test.each(['trusting', 'private'] as const)(
  '[SEC-13] a replay of what is %s takes the place of no edit of an offline device',
  async (privacy) => {
    const secret = (await createSessionCrypto()).newRandomAgentSecret();
    const first = await device(secret);
    const group = first.node.createGroup();
    const [diary, notes] = [group.createMap({ title: 'diary' }), group.createMap({ title: 'notes' })];
    await untilConfirmed(first.sync);
    const { node, sync } = await device(secret);
    const [ownDiary, ownNotes] = [await loaded(node, diary), await loaded(node, notes)];
    for (const key of ['a', 'b', 'c']) ownNotes.set(key, 'text', privacy);
    await untilConfirmed(sync);
    const squatted = node.currentSessionID;
    sync.pause();
    replay(node, notes, diary);
    expect(relay.node.getCoValue(diary.id).knownState().sessions[squatted]).toBe(3);
    ownDiary.set('monday', 'a long text');
    ownDiary.set('tuesday', 'another one');
    sync.resume();
    await until(() => expect(node.currentSessionID).not.toBe(squatted));
    const another = await device(secret);
    const seen = await loaded(another.node, diary);
    await until(() =>
      expect(seen.toJSON()).toEqual({ title: 'diary', monday: 'a long text', tuesday: 'another one' }),
    );
    expect(ownDiary.toJSON()).toEqual(seen.toJSON());
  },
  60_000,
);

test('[SEC-13] a relay beside that announces what never comes does not keep a replay from being answered', async () => {
  const secret = (await createSessionCrypto()).newRandomAgentSecret();
  const first = await device(secret);
  const group = first.node.createGroup();
  const [diary, notes] = [group.createMap({ title: 'diary' }), group.createMap({ title: 'notes' })];
  await untilConfirmed(first.sync);
  let asked = 0;
  // To the connection that the guard opens.
  const hostile = await startHostileRelay((id, connection) => {
    if (connection === 0 || id !== bait.id) return undefined;
    asked++;
    const { header } = bait.core.verified;
    const expectContentUntil = { [`${id}_session_z2`]: 1_000_000 };
    return [{ action: 'content', id, header, priority: 3, new: {}, expectContentUntil }];
  });
  const { node, sync } = await device(secret, [hostile.url, relay.url]);
  const [ownDiary, ownNotes] = [await loaded(node, diary), await loaded(node, notes)];
  const bait = node.createGroup();
  for (const key of ['a', 'b', 'c']) ownNotes.set(key, 'text');
  await untilConfirmed(sync);
  const squatted = node.currentSessionID;
  const refusal = { maia: 'refused', code: 'fork', reason: 'Forked.', closing: false };
  hostile.send([{ ...refusal, id: bait.id, sessionID: squatted }], 0);
  await until(() => expect(asked).toBeGreaterThan(0));
  sync.pause();
  replay(node, notes, diary);
  ownDiary.set('monday', 'a long text');
  sync.resume();
  await until(() => expect(node.currentSessionID).not.toBe(squatted), 25_000);
  const another = await device(secret);
  const seen = await loaded(another.node, diary);
  await until(() => expect(seen.toJSON()).toEqual({ title: 'diary', monday: 'a long text' }));
}, 60_000);

test('[READ-6] what another relay has confirmed before a replay took its place is in a list once, on every device', async () => {
  const secret = (await createSessionCrypto()).newRandomAgentSecret();
  const honest = await startStockRelay();
  onTestFinished(() => honest.close());
  const proxy = await startCuttableProxy({ host: '127.0.0.1', port: relay.port });
  onTestFinished(() => proxy.close());
  const both = [honest.url, `ws://127.0.0.1:${proxy.port}/sync`];
  const first = await device(secret, both);
  const group = first.node.createGroup();
  const [list, notes] = [group.createList<RawCoList>(['milk']), group.createMap({ title: 'notes' })];
  await untilConfirmed(first.sync);
  const { node, sync } = await device(secret, both);
  const [ownList, ownNotes] = [await loaded(node, list), await loaded(node, notes)];
  for (const key of ['a', 'b', 'c']) ownNotes.set(key, 'text');
  await untilConfirmed(sync);
  const squatted = node.currentSessionID;
  proxy.cut();
  for (const item of ['bread', 'tea']) ownList.append(item);
  const countAt = ({ node: at }: StockRelay) => at.getCoValue(list.id).knownState().sessions[squatted];
  await until(() => expect(countAt(honest)).toBe(2));
  replay(node, notes, list);
  proxy.mend();
  await until(() => expect(node.currentSessionID).not.toBe(squatted), 30_000);
  const items = ['milk', 'bread', 'tea'];
  expect(ownList.asArray()).toEqual(items);
  // Without the second writing, the relay that has the replay could give them to no one.
  for (const urls of [both, [honest.url], [relay.url]]) {
    const another = await device(secret, urls);
    const seen = await loaded(another.node, list);
    await until(() => expect(seen.asArray()).toEqual(items));
    const rewritten = () => seen.core.knownState().sessions[node.currentSessionID];
    await until(() => expect(rewritten()).toBe(2));
    expect(seen.asArray()).toEqual(items);
  }
  expect([countAt(honest), countAt(relay)]).toEqual([2, 3]);
  // The relay does not have them at their first place.
  expect(sync.stateOf(ownList).current.confirmed).toBe('pending');
}, 120_000);
