import { cojsonInternals, type CojsonInternalTypes, type LocalNode, type RawCoValue } from 'cojson';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { coValuesOf, followUse, isPutAside, leaveOutTracking, openLoads } from './private-fields.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

// Contracts with what cojson keeps to itself: after an update of cojson, these say what has become of it.

let node: LocalNode;
let content: NewContent;
let groupContent: NewContent;
let otherContent: NewContent;
beforeEach(async () => {
  node = await createAgentNode();
  const author = await createAgentNode();
  const contentOf = ({ core }: Pick<RawCoValue, 'core'>) => {
    const [first] = core.newContentSince(undefined) ?? [];
    if (!first) throw new Error('What was made has content.');
    return first;
  };
  content = contentOf(author.createGroup().createMap());
  [groupContent, otherContent] = [contentOf(author.createGroup()), contentOf(author.createGroup())];
});

it('tells whether content was put aside for what it depends on', () => {
  expect(isPutAside(node, content)).toBe(false);
  node.syncManager.handleNewContent(content, 'import');
  expect(isPutAside(node, content)).toBe(true);
  expect(isPutAside(node, { ...content })).toBe(false);
});

it('tells of nothing where cojson puts aside in another way', () => {
  node.syncManager.handleNewContent(content, 'import');
  const core = node.getCoValue(content.id);
  for (const other of [undefined, {}, [], [undefined], [{}]]) {
    Reflect.set(core, 'newContentQueue', other);
    expect(isPutAside(node, content)).toBe(false);
  }
});

it('leaves out cojson’s following of edits, and gives it back', () => {
  const add = vi.spyOn(node.syncManager.unsyncedTracker, 'add');
  const giveBack = leaveOutTracking(node);
  node.syncManager.handleNewContent(groupContent, 'import');
  expect(add).not.toHaveBeenCalled();
  giveBack();
  node.syncManager.handleNewContent(otherContent, 'import');
  expect(add).toHaveBeenCalledExactlyOnceWith(otherContent.id);
});

it('leaves a cojson that follows edits in another way as it is', () => {
  Reflect.set(node.syncManager, 'trackSyncState', 'something else');
  leaveOutTracking(node)();
  expect(Reflect.get(node.syncManager, 'trackSyncState')).toBe('something else');
});

it('counts the loads that cojson will ask for later, and none where it keeps them in another way', () => {
  const usual = cojsonInternals.CO_VALUE_LOADING_CONFIG.MAX_IN_FLIGHT_LOADS_PER_PEER;
  cojsonInternals.setMaxInFlightLoadsPerPeer(1);
  onTestFinished(() => cojsonInternals.setMaxInFlightLoadsPerPeer(usual));
  const channel = { push: () => {}, close: () => {}, onClose: () => {} };
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  node.syncManager.addPeer({ id: 'relay', incoming, outgoing: channel, role: 'server' });
  for (const { id } of [content, groupContent, otherContent]) void node.loadCoValueCore(id);
  const { relay: peer } = node.syncManager.peers;
  if (!peer) throw new Error('It was added.');
  expect(openLoads(peer)).toEqual({ asked: 1, waiting: 2 });
  for (const other of [undefined, {}, { inFlightCount: -1, pendingCount: 'many' }]) {
    Reflect.set(peer, 'loadQueue', other);
    expect(openLoads(peer)).toEqual({ asked: 0, waiting: 0 });
  }
});

it('has the node’s CoValues in hand, unless they are kept in another way', () => {
  const { core } = node.createGroup();
  expect(coValuesOf(node)?.get(core.id)).toBe(core);
  const kept: unknown = Reflect.get(node, 'coValues');
  Reflect.set(node, 'coValues', {});
  expect(coValuesOf(node)).toBeUndefined();
  Reflect.set(node, 'coValues', kept); // cojson has the group's making still to tell.
});

it('follows who looks up what, unless an app has cojson’s own garbage collector on', () => {
  const used = vi.fn();
  const { core } = node.createGroup();
  const stop = followUse(node, used);
  expect(used).not.toHaveBeenCalled();
  node.getCoValue(core.id);
  expect(used).toHaveBeenCalledExactlyOnceWith(core);
  stop?.();
  node.getCoValue(core.id);
  expect(used).toHaveBeenCalledOnce();
  node.enableGarbageCollector();
  onTestFinished(() => node.garbageCollector?.stop());
  expect(followUse(node, used)).toBeUndefined();
});
