import { LocalNode, type AgentID, type AgentSecret, type RawCoID, type RawCoList } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { patchCojson } from './patch-cojson.ts';

// A branch shows the items of its source, too.

const crypto = await WasmCrypto.create();
patchCojson();
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

const openNode = (secret: AgentSecret) =>
  new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
const idOf = (node: LocalNode) => node.getCurrentAgent().id as AgentID;
const listOn = (node: LocalNode, id: RawCoID) =>
  node.expectCoValueLoaded(id).getCurrentContent() as RawCoList<string>;
const later = () => vi.setSystemTime(Date.now() + 1_000);
/** cojson rebuilds contents in microtasks. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

function bring(from: LocalNode, to: LocalNode, ...ids: readonly RawCoID[]): void {
  for (const id of ids)
    for (const piece of from.getCoValue(id).newContentSince(to.getCoValue(id).knownState()) ?? [])
      to.syncManager.handleNewContent(piece, 'import');
}

/** An owner, and a writer who adds an item to a list. */
function start() {
  const secret = crypto.newRandomAgentSecret();
  const [owner, watcher, writer] = [
    openNode(secret),
    openNode(secret),
    openNode(crypto.newRandomAgentSecret()),
  ];
  const group = owner.createGroup();
  group.addMemberInternal(idOf(writer), 'writer');
  const list = group.createList(['first']);
  for (const node of [watcher, writer]) bring(owner, node, group.id, list.id);
  later();
  return { owner, watcher, writer, group, list };
}

it('an edit of a branch is no reason to read it again because of what its source got since, from a fast clock', async () => {
  const { owner, list } = start();
  const branch = list.core.createBranch('branch');
  const ahead = { op: 'pre', value: 'ahead', before: 'end' };
  list.core.makeTransaction([ahead], 'private', undefined, Date.now() + 60_000);
  const branched = listOn(owner, branch.id);
  later();
  branched.append('one');
  await settle();
  const { version } = branched;
  for (let number = 0; number < 10; number++) {
    later();
    branched.append(`${number}`);
  }
  expect(branched.toJSON()).toHaveLength(12);
  // Each time costs as much as the whole list.
  expect(branched.version).toBe(version);
});
