import {
  cojsonInternals,
  LocalNode,
  type AgentID,
  type AgentSecret,
  type RawCoID,
  type RawCoMap,
  type RawGroup,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { patchLateChanges } from './late-changes.ts';
import { patchTieOrder } from './tie-order.ts';

const crypto = await WasmCrypto.create();
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const newSecret = () => crypto.newRandomAgentSecret();

function openNode(secret: AgentSecret): LocalNode {
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

function bring(from: LocalNode, to: LocalNode, ...ids: readonly RawCoID[]): void {
  for (const id of ids) {
    for (const piece of from.getCoValue(id).newContentSince(undefined) ?? []) {
      to.syncManager.handleNewContent(piece, 'import');
    }
  }
}

const groupOn = (node: LocalNode, id: RawCoID): RawGroup =>
  cojsonInternals.expectGroup(node.expectCoValueLoaded(id).getCurrentContent());
const mapOn = (node: LocalNode, id: RawCoID) => node.expectCoValueLoaded(id).getCurrentContent() as RawCoMap;
const at = (ms: number) => vi.setSystemTime(Date.UTC(2026, 0, 1) + ms);
/** cojson rebuilds contents in microtasks. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** An owner’s device, another device of theirs, and two people, with a group, a group above it, and a map. */
function openAll() {
  at(0);
  const secret = newSecret();
  const [owner, watcher, manager, writer] = [secret, secret, newSecret(), newSecret()].map(openNode) as [
    LocalNode,
    LocalNode,
    LocalNode,
    LocalNode,
  ];
  const above = owner.createGroup();
  const group = owner.createGroup();
  group.extend(above);
  const map = group.createMap({ key: 'first' }, null, 'trusting');
  group.addMemberInternal(idOf(manager), 'manager');
  const ids = [above.id, group.id, map.id] as const;
  for (const node of [watcher, manager, writer]) bring(owner, node, ...ids);
  /** What a device that is opened now shows. */
  const reloaded = () => {
    const fresh = openNode(secret);
    bring(watcher, fresh, ...ids);
    return fresh;
  };
  return { owner, watcher, manager, writer, ids, reloaded };
}

const idOf = (node: LocalNode) => node.getCurrentAgent().id as AgentID;

/** The watcher shows an edit, and then revokes its author in the same millisecond. */
function revokeInTheSameMillisecond() {
  const { watcher, manager, ids, reloaded } = openAll();
  const [, group, map] = ids;
  at(1_000);
  mapOn(manager, map).set('key', 'tied', 'trusting');
  bring(manager, watcher, map);
  mapOn(watcher, map).get('key');
  groupOn(watcher, group).removeMember(idOf(manager) as 'everyone');
  return [mapOn(watcher, map).get('key'), mapOn(reloaded(), map).get('key')];
}

/** A manager adds a writer, who edits; that the owner had revoked the manager before arrives at last. */
async function revokeLate(changeAbove: boolean) {
  const { owner, watcher, manager, writer, ids, reloaded } = openAll();
  const [above, group, map] = ids;
  at(1_000);
  groupOn(owner, group).removeMember(idOf(manager) as 'everyone');
  at(2_000);
  groupOn(manager, group).addMemberInternal(idOf(writer), 'writer');
  bring(manager, writer, group);
  mapOn(writer, map).set('key', 'not allowed', 'trusting');
  bring(manager, watcher, group);
  bring(writer, watcher, map);
  mapOn(watcher, map).get('key');
  if (changeAbove) {
    groupOn(owner, above).addMember('everyone', 'reader');
    bring(owner, watcher, above);
  }
  bring(owner, watcher, group);
  await settle();
  const show = (node: LocalNode) => [mapOn(node, map).get('key'), groupOn(node, group).get(idOf(writer))];
  return [show(watcher), show(reloaded())];
}

it('stock cojson shows other edits than after a reload', async () => {
  expect(revokeInTheSameMillisecond()).toEqual(['tied', 'first']);
  expect(await revokeLate(false)).toEqual([
    ['not allowed', undefined],
    ['first', undefined],
  ]);
  expect(await revokeLate(true)).toEqual([
    ['not allowed', 'writer'],
    ['first', undefined],
  ]);
});

it('the patch shows the same edits as after a reload', async () => {
  patchTieOrder();
  patchLateChanges();
  patchLateChanges();
  expect(revokeInTheSameMillisecond()).toEqual(['first', 'first']);
  for (const changeAbove of [false, true]) {
    expect(await revokeLate(changeAbove)).toEqual([
      ['first', undefined],
      ['first', undefined],
    ]);
  }
});
