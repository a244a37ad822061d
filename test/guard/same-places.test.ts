import type { LocalNode, RawCoList, RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import { attacker, crypto, give, idOf, kernelNodes, memberOf, nextMoment, sign, viewOf } from './nodes.ts';
import { signPrivately } from './steps.ts';

type Kind = 'map' | 'stream' | 'list' | 'text';
type Value = { readonly id: string };

/** A writer with a changed client, and another writer. All have the value. */
async function start(kind: Kind) {
  const alice = await kernelNodes.honest();
  const bob = await kernelNodes.honest();
  const mallory = attacker();
  const group = alice.createGroup();
  for (const node of [mallory, bob]) group.addMember(memberOf(node), 'writer');
  const value = {
    map: () => group.createMap({}),
    stream: () => group.createStream(),
    list: () => group.createList([]),
    text: () => group.createPlainText(''),
  }[kind]();
  for (const node of [mallory, bob]) give(node, alice, group, value);
  await nextMoment();
  return { alice, bob, mallory, group, value };
}

const read = (node: LocalNode, { id }: Value) =>
  node
    .expectCoValueLoaded(id as RawCoMap['id'])
    .getCurrentContent()
    .toJSON();
const listOn = (node: LocalNode, { id }: Value) =>
  node.expectCoValueLoaded(id as RawCoMap['id']).getCurrentContent() as unknown as RawCoList;
const newSession = (node: LocalNode) => crypto.newRandomSessionID(idOf(node));
/** Writes as one of the node's several sessions. */
function signAs(
  node: LocalNode,
  session: string,
  value: Value,
  changes: unknown,
  meta?: unknown,
  atMs?: number,
) {
  const own = node.currentSessionID;
  Reflect.set(node, 'currentSessionID', session);
  signPrivately(node, value, changes, meta, atMs);
  Reflect.set(node, 'currentSessionID', own);
}

it.each([
  ['map', {}],
  ['map', { fww: 'x' }],
  ['stream', {}],
  ['list', {}],
  ['text', {}],
] as const)(
  '[CONF-11] devices show the same of edits of a %s that name one place and date',
  async (kind, meta) => {
    const { alice, bob, mallory, group, value } = await start(kind);
    const sessions = Array.from({ length: 4 }, () => newSession(mallory));
    const nowMs = Date.now();
    sessions.forEach((session, index) => {
      const text = `by ${index}`;
      const change = { map: { op: 'set', key: 'x', value: text }, stream: text }[kind as 'map'];
      const changes = [change ?? { op: 'app', value: text, after: 'start' }];
      const source = index > 0 && { mi: 0, s: sessions[0], t: index };
      signAs(mallory, session, value, changes, { ...meta, ...source }, nowMs + index);
    });
    const [piece] =
      mallory.getCoValue(value.id).newContentSince(alice.getCoValue(value.id).knownState()) ?? [];
    const deliver = (to: LocalNode, session: string) => {
      const one = piece?.new[session as keyof typeof piece.new];
      if (!piece || !one) throw new Error('The session is missing.');
      to.syncManager.handleNewContent({ ...structuredClone(piece), new: { [session]: one } }, 'import');
      read(to, value);
    };
    for (const session of sessions) deliver(alice, session);
    for (const session of sessions.toReversed()) deliver(bob, session);
    const carol = await kernelNodes.honest();
    group.addMember(memberOf(carol), 'reader');
    give(carol, alice, group, value);
    expect(read(bob, value)).toEqual(read(alice, value));
    expect(read(carol, value)).toEqual(read(alice, value));
  },
);

/** Mallory has the right to write again; Bob learns of its end after he has read what was written meanwhile. */
async function startWithGap(kind: Kind) {
  const { alice, bob, mallory, group, value } = await start(kind);
  sign(alice, group, [idOf(mallory), 'reader']);
  const gapMs = await nextMoment();
  sign(alice, group, [idOf(mallory), 'writer']);
  await nextMoment();
  const learn = async () => {
    give(bob, alice, group);
    const carol = await kernelNodes.honest();
    group.addMember(memberOf(carol), 'reader');
    give(carol, alice, group);
    give(carol, bob, value);
    expect(read(carol, value)).toEqual(read(bob, value));
  };
  return { alice, bob, mallory, value, gapMs, learn };
}

it('[CONF-11] devices show the same of an edit that leaves out what an edit names that does not count', async () => {
  const { bob, mallory, value, gapMs, learn } = await startWithGap('stream');
  const session = newSession(mallory);
  signAs(mallory, session, value, ['first'], { mi: 0, s: newSession(mallory), t: 1 }, gapMs + 1);
  signAs(mallory, session, value, ['second'], { mi: 1 });
  give(bob, mallory, value);
  read(bob, value);
  await learn();
});

it('[CONF-11] devices show the same beside an item that does not count any more and names another place', async () => {
  const { alice, bob, mallory, value, gapMs, learn } = await startWithGap('list');
  const source = { mi: 7, s: newSession(mallory), t: 1 };
  signAs(mallory, newSession(mallory), value, [{ op: 'pre', value: 'x', before: 'end' }], source, gapMs + 1);
  await nextMoment();
  signPrivately(alice, value, [{ op: 'pre', value: 'Alice’s', before: 'end' }]);
  give(bob, mallory, value);
  give(bob, alice, value);
  listOn(bob, value).prepend('Bob’s', listOn(bob, value).asArray().indexOf('x'));
  await learn();
});

it('[CONF-11] devices show the same of changes of a group that name one place and date', async () => {
  const { alice, bob, mallory, group } = await start('map');
  group.addMember(memberOf(mallory), 'manager');
  give(mallory, alice, group);
  give(bob, alice, group);
  await nextMoment();
  const carol = await kernelNodes.honest();
  const first = newSession(mallory);
  const nowMs = Date.now();
  const sessions = (['reader', 'writer', 'reader', 'writer'] as const).map((role, index) => {
    const session = index === 0 ? first : newSession(mallory);
    const source = index > 0 ? { mi: 0, s: first, t: index } : undefined;
    const { verified } = mallory.getCoValue(group.id);
    const changes = [{ op: 'set', key: idOf(carol), value: role }];
    verified?.makeNewTrustingTransaction(session, mallory.getCurrentAgent(), changes, source, nowMs + index);
    return session;
  });
  const [piece] = mallory.getCoValue(group.id).newContentSince(alice.getCoValue(group.id).knownState()) ?? [];
  for (const [to, order] of [
    [alice, sessions],
    [bob, sessions.toReversed()],
  ] as const) {
    for (const session of order) {
      const one = piece?.new[session];
      if (piece && one)
        to.syncManager.handleNewContent({ ...structuredClone(piece), new: { [session]: one } }, 'import');
    }
  }
  const roleOn = (node: LocalNode) => viewOf(node, group).get(memberOf(carol) as 'everyone');
  expect(roleOn(alice)).toBeDefined();
  expect(roleOn(bob)).toBe(roleOn(alice));
});
