import type { LocalNode, RawAccount, RawCoID, RawCoMap, RawGroup, SessionID } from 'cojson';
import { cojsonInternals, LocalNode as Node } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAccountNode } from '../../testing/account-node.ts';
import { createFakeSync, fakePeerID, type FakeSync } from '../../testing/fake-sync.ts';
import { createInspector, type Inspector } from '../create-inspector.ts';
import type { TransactionRow } from './transaction-types.ts';

let node: LocalNode;
let sync: FakeSync;
let inspector: Inspector;
let group: RawGroup;
let map: RawCoMap;

beforeEach(async () => {
  node = await createAccountNode();
  sync = createFakeSync(node, Date.now());
  inspector = createInspector(sync);
  group = node.createGroup();
  map = group.createMap(undefined, { type: 'crew/v2' });
  map.set('name', 'Crew list', 'private');
  map.set('iris', { role: 'deckhand', since: '2026-11-24' }, 'private');
});

/** A relay that has said so much. */
function told(sessions: Readonly<Record<string, number>>, id: RawCoID = map.id): void {
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
  if (!node.syncManager.peers[fakePeerID]) {
    node.syncManager.addPeer({ id: fakePeerID, role: 'server', incoming, outgoing });
  }
  node.syncManager.peers[fakePeerID]?.setKnownState(id, { id, header: true, sessions });
}

/** Another person's node, in contact with this one. */
async function otherPerson(): Promise<{ readonly other: LocalNode; readonly account: RawAccount }> {
  const crypto = await WasmCrypto.create();
  const { node: other } = await Node.withNewlyCreatedAccount({ creationProps: { name: 'Tomas' }, crypto });
  const [here, there] = cojsonInternals.connectedPeers('here', 'there', {
    peer1role: 'server',
    peer2role: 'client',
  });
  other.syncManager.addPeer(here);
  node.syncManager.addPeer(there);
  const account = await node.load(other.expectCurrentAccount('test').id);
  if (account === 'unavailable') throw new Error('connected above');
  return { other, account };
}

const wordsOf = (row: TransactionRow | undefined) => JSON.stringify(row?.changes);
const allAnswers = (id: string) => [
  inspector.coValue(id),
  inspector.coValues.members(id),
  inspector.coValues.sessions(id),
  inspector.coValues.transactions(id, { limit: 500 }),
  inspector.coValues.tree(id),
];

describe('coValue', () => {
  it('tells header, group, size and what a relay lacks, as plain JSON', () => {
    told({ [node.currentSessionID]: 1 });
    const facts = inspector.coValue(map.id);
    expect(facts).toMatchObject({
      id: map.id,
      state: 'in-memory',
      isOpen: true,
      label: { kind: 'CoMap', name: 'Crew list' },
      header: {
        type: 'comap',
        ruleset: 'ownedByGroup',
        groupID: group.id,
        meta: { preview: '{type: "crew/v2"}' },
      },
      group: { id: group.id, relation: 'owner', state: 'open', members: 1, readKeys: 1, parents: [] },
      sessions: { sessions: 1, transactions: 2 },
      size: { counted: 2 },
      relays: [
        {
          ...{ id: fakePeerID, host: 'relay.example', state: 'told' },
          ...{ behind: { sessions: 1, transactions: 1 }, ahead: { sessions: 0, transactions: 0 } },
        },
      ],
    });
    expect(facts.header?.createdAtMs).toBeGreaterThan(1_700_000_000_000);
    expect(facts.size?.bytes).toBeGreaterThan(50);
    for (const answer of allAnswers(map.id)) expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  });

  it('says of what is not in memory where it is, and neither makes nor loads it', () => {
    const missing = 'co_zMissing' as RawCoID;
    expect(inspector.coValue(missing)).toMatchObject({ state: 'not-asked', label: { kind: 'unknown' } });
    expect(allAnswers(missing).slice(1)).toEqual([
      ...[
        { total: 0, rows: [] },
        { total: 0, rows: [] },
        { total: 0, rows: [] },
      ],
      { state: 'nothing' },
    ]);
    expect(node.isCoValueInMemory(missing)).toBe(false);
    expect(inspector.coValue('<img src=x>').state).toBe('no-id');

    const core = node.getCoValue(missing);
    core.markPending('storage');
    expect(inspector.coValue(missing).state).toBe('loading');
    core.markNotFoundInPeer('storage');
    expect(inspector.coValue(missing).state).toBe('not-found');
    node.setStorage({ getKnownState: () => undefined } as unknown as Parameters<LocalNode['setStorage']>[0]);
    const gone = node.getCoValue('co_zGone');
    gone.setGarbageCollectedState(map.core.knownState());
    expect(inspector.coValue('co_zGone').state).toBe('unloaded');
  });

  it('opens nothing that the app has not opened: a group would be written to', () => {
    const unopened = group.createMap();
    unopened.set('name', 'x', 'private');
    // As after loading, before the app looks.
    Reflect.set(unopened.core, '_cachedContent', undefined);
    Reflect.set(group.core, '_cachedContent', undefined);
    const before = node.syncManager;
    const open = vi.spyOn(unopened.core, 'getCurrentContent');
    const openGroup = vi.spyOn(group.core, 'getCurrentContent');
    expect(inspector.coValue(unopened.id)).toMatchObject({
      isOpen: false,
      group: { state: 'not-open', members: 0 },
    });
    expect(inspector.coValues.tree(unopened.id)).toEqual({ state: 'not-open' });
    allAnswers(unopened.id);
    expect(open).not.toHaveBeenCalled();
    expect(openGroup).not.toHaveBeenCalled();
    expect(node.syncManager).toBe(before);
  });

  it('loads only when it is told to', async () => {
    await expect(inspector.controls.loadCoValue('<b>')).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(await inspector.controls.loadCoValue(map.id)).toBe(true);
    expect(await inspector.controls.loadCoValue('co_zMissing')).toBe(false);
  });

  it('counts the bytes of a few thousand transactions with each reading, and none twice', () => {
    const transaction = { privacy: 'trusting', madeAt: 1, changes: '[1]' };
    const reads = longSession(12_000, transaction);
    const sizes = [1, 2, 3, 4].map(() => inspector.coValue(map.id).size);
    expect(sizes.map((size) => size?.counted)).toEqual([5_000, 10_000, 12_000, 12_000]);
    expect(sizes.at(-1)?.bytes).toBe(36_000);
    expect(reads.count).toBe(12_000);
  });
});

/** One session with so many transactions, which counts what is read of it. */
function longSession(length: number, transaction: object): { count: number } {
  const reads = { count: 0 };
  const transactions = new Proxy([] as unknown[], {
    get: (own, key) => {
      if (key === 'length') return length;
      if (typeof key !== 'string' || !/^\d+$/.test(key)) return Reflect.get(own, key) as unknown;
      reads.count++;
      return { ...transaction, madeAt: Number(key) };
    },
  });
  const { verified } = map.core;
  const known = { id: map.id, header: true, sessions: { [node.currentSessionID]: length } };
  vi.spyOn(verified, 'knownState').mockReturnValue(known);
  vi.spyOn(verified, 'getSession').mockReturnValue({ transactions } as unknown as ReturnType<
    typeof verified.getSession
  >);
  return reads;
}

describe('members', () => {
  it('are told with their roles, also those from parent groups, and everyone', async () => {
    const { other, account } = await otherPerson();
    const parent = node.createGroup();
    parent.addMember(account, 'writer');
    group.extend(parent);
    group.addMember('everyone', 'reader');
    const { total, rows } = inspector.coValues.members(map.id);
    expect(total).toBe(3);
    expect(rows).toEqual([
      { id: node.getCurrentAccountOrAgentID(), name: 'Ana', isOwn: true, role: 'admin' },
      { id: other.getCurrentAccountOrAgentID(), role: 'writer', fromGroupID: parent.id },
      { id: 'everyone', role: 'reader' },
    ]);
    expect(inspector.coValue(map.id).group).toMatchObject({
      members: 3,
      parents: [{ id: parent.id, role: 'extend', state: 'open' }],
    });
    expect(inspector.coValues.members(map.id, { offset: 1, limit: 1 })).toMatchObject({
      total: 3,
      rows: [{ role: 'writer' }],
    });

    group.addMember(account, 'admin');
    expect(inspector.coValues.members(map.id).rows[1]).toEqual({ id: account.id, role: 'admin' });

    const alone = node.createGroup();
    alone.addMember(account, 'reader');
    alone.removeMember(account);
    expect(inspector.coValues.members(alone.id).rows.at(-1)).toEqual({ id: account.id, role: 'revoked' });
    expect(inspector.coValue(alone.id).group).toMatchObject({ relation: 'itself', members: 1, readKeys: 2 });
  });

  it('of a parent that nobody has opened are not guessed, nor is it opened', () => {
    const parent = node.createGroup();
    group.extend(parent);
    Reflect.set(parent.core, '_cachedContent', undefined);
    const open = vi.spyOn(parent.core, 'getCurrentContent');
    expect(inspector.coValues.members(map.id).rows.map(({ role }) => role)).toEqual(['admin', 'none']);
    expect(inspector.coValue(map.id).group?.parents).toMatchObject([{ id: parent.id, state: 'not-open' }]);
    expect(open).not.toHaveBeenCalled();
  });
});

describe('sessions', () => {
  it('stand beside what each relay has told, this tab’s first', () => {
    const otherSession = `${node.getCurrentAccountOrAgentID()}_session_z1` as SessionID;
    told({ [node.currentSessionID]: 1, [otherSession]: 7 });
    const { total, rows } = inspector.coValues.sessions(map.id);
    expect(total).toBe(2);
    expect(rows).toMatchObject([
      {
        sessionID: node.currentSessionID,
        isThisTab: true,
        here: 2,
        told: [1],
        steps: { confirmed: 'pending' },
      },
      { sessionID: otherSession, here: 0, told: [7], steps: { confirmed: 'reached', durable: 'reached' } },
    ]);
    expect(rows[1]).not.toHaveProperty('isThisTab');
    expect(inspector.coValue(map.id).relays[0]?.ahead).toEqual({ sessions: 1, transactions: 7 });
  });

  it('of which a relay has said nothing are no guess, nor where cojson has another shape', () => {
    expect(inspector.coValues.sessions(map.id).rows[0]).toMatchObject({
      told: [null],
      steps: { confirmed: 'unknown' },
    });
    expect(inspector.coValue(map.id).relays[0]?.state).toBe('nothing');
    told({});
    Reflect.set(node.syncManager.peers[fakePeerID] ?? {}, 'getKnownState', undefined);
    expect(inspector.coValues.sessions(map.id).rows[0]?.told).toEqual(['unknown']);
    expect(inspector.coValue(map.id).relays[0]?.state).toBe('unknown');
  });
});

describe('transactions', () => {
  it('are told newest first, with author, time, size and changes', () => {
    map.delete('name', 'trusting');
    const { total, rows, older } = inspector.coValues.transactions(map.id);
    expect(total).toBe(3);
    expect(older).toBeUndefined();
    expect(rows).toMatchObject([
      { index: 2, privacy: 'trusting', changes: { changes: [{ op: 'del', key: 'name' }] } },
      {
        index: 1,
        privacy: 'private',
        changes: { changes: [{ op: 'set', key: 'iris', value: { kind: 'object' } }] },
      },
      { index: 0, author: { name: 'Ana', isOwn: true }, isThisTab: true, sessionID: node.currentSessionID },
    ]);
    expect(rows[0]?.bytes).toBe('[{"op":"del","key":"name"}]'.length);
    expect(rows[0]?.madeAtMs).toBeGreaterThan(Date.now() - 60_000);
  });

  it('are told each once, whatever the pages, with what comes in between', async () => {
    const { other, account } = await otherPerson();
    group.addMember(account, 'writer');
    const theirs = await other.load(map.id);
    if (theirs === 'unavailable') throw new Error('connected above');
    for (let index = 0; index < 30; index++) {
      theirs.set('tomas', index, index % 2 ? 'private' : 'trusting');
      map.set('ana', index, 'private');
    }
    await expect.poll(() => inspector.coValue(map.id).sessions?.transactions).toBe(62);
    const seen: string[] = [];
    const times: number[] = [];
    let page = inspector.coValues.transactions(map.id, { limit: 7 });
    for (;;) {
      seen.push(...page.rows.map(({ sessionID, index }) => `${sessionID} ${index}`));
      times.push(...page.rows.map(({ madeAtMs }) => madeAtMs));
      expect(page.rows.every(({ changes }) => changes.state === 'read')).toBe(true);
      if (!page.older) break;
      map.set('later', seen.length, 'private');
      page = inspector.coValues.transactions(map.id, { limit: 7, before: page.older });
    }
    expect(new Set(seen).size).toBe(62);
    expect(seen.length).toBe(62);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(seen.at(-1)).toBe(`${node.currentSessionID} 0`);
  });

  it('say why they cannot be read', async () => {
    const { other, account } = await otherPerson();
    group.addMember(account, 'reader');
    const theirs = await other.load(map.id);
    if (theirs === 'unavailable') throw new Error('connected above');
    theirs.core.makeTransaction([{ op: 'set', key: 'forged', value: 1 }], 'private');
    theirs.core.makeTransaction([{ op: 'set', key: 'forged', value: 2 }], 'trusting');
    await expect.poll(() => inspector.coValue(map.id).sessions?.transactions).toBe(4);
    map.core.getCurrentContent();
    const byOthers = inspector.coValues.transactions(map.id).rows.filter(({ author }) => !author.isOwn);
    expect(byOthers).toMatchObject([
      { refused: 'Transactor has no write permissions', changes: { state: 'read' } },
      {
        refused: 'Transactor has no write permissions',
        changes: { state: 'encrypted', why: 'not-permitted' },
      },
    ]);

    // Another's value, in a group whose key this account was not given.
    const theirGroup = other.createGroup();
    const theirMap = theirGroup.createMap();
    theirMap.set('name', 'not for Ana', 'private');
    await node.load(theirMap.id);
    const [unread] = inspector.coValues.transactions(theirMap.id).rows;
    expect(unread?.changes).toEqual({ state: 'encrypted', why: 'no-key' });
    expect(inspector.coValues.tree(theirMap.id)).toMatchObject({ state: 'read', total: 0 });
  });

  it('of what is not open are read where they stand in the open, and of another cojson unknown', () => {
    const unopened = group.createMap({ name: 'x' });
    unopened.set('open', 1, 'trusting');
    Reflect.set(unopened.core, '_cachedContent', undefined);
    Reflect.set(unopened.core, 'lastVerifiedTransactionBySessionID', {});
    expect(inspector.coValues.transactions(unopened.id).rows.map(({ changes }) => changes)).toMatchObject([
      { state: 'read', changes: [{ op: 'set', key: 'open' }] },
      { state: 'encrypted', why: 'not-open' },
    ]);
    Reflect.set(unopened.core, 'lastVerifiedTransactionBySessionID', undefined);
    expect(inspector.coValues.transactions(unopened.id).rows[1]?.changes).toMatchObject({ why: 'unknown' });
  });

  it('of 100,000 cost a page what is on it', () => {
    const reads = longSession(100_000, {
      privacy: 'trusting',
      changes: '[{"op":"set","key":"a","value":1}]',
    });
    const first = inspector.coValues.transactions(map.id, { limit: 100 });
    expect(first.total).toBe(100_000);
    expect(first.rows[0]?.index).toBe(99_999);
    expect(reads.count).toBeLessThanOrEqual(110);
    const second = inspector.coValues.transactions(map.id, {
      limit: 100,
      ...(first.older && { before: first.older }),
    });
    expect(second.rows[0]?.index).toBe(99_899);
    expect(reads.count).toBeLessThanOrEqual(220);
    expect(inspector.coValues.transactions(map.id, { limit: 1e9 }).rows).toHaveLength(500);
    expect(
      inspector.coValues.transactions(map.id, { before: { made: 7, [node.currentSessionID]: -1 } }).rows,
    ).toEqual([]);
  });

  it('of a page further down begin where the page before ended, and not at the newest', () => {
    for (let index = 0; index < 300; index++) map.set('n', index, 'private');
    const [last] = inspector.coValues.transactions(map.id, { limit: 1 }).rows;
    expect(wordsOf(last)).toContain('299');
    let steps = 0;
    for (const transaction of map.core.verifiedTransactions) {
      const { previous } = transaction;
      Object.defineProperty(transaction, 'previous', {
        get() {
          steps++;
          return previous;
        },
      });
    }
    let page = inspector.coValues.transactions(map.id, { limit: 20 });
    while (page.older) {
      steps = 0;
      page = inspector.coValues.transactions(map.id, { limit: 20, before: page.older });
      expect(page.rows.every(({ changes }) => changes.state === 'read')).toBe(true);
      expect(steps).toBeLessThan(30);
    }
  });
});

describe('tree', () => {
  it('of a map has its keys, what wrote them, and where that lacks', () => {
    told({ [node.currentSessionID]: 1 });
    expect(inspector.coValues.tree(map.id)).toMatchObject({
      state: 'read',
      what: { kind: 'map' },
      total: 2,
      rows: [
        { key: 'name', value: { kind: 'text', preview: 'Crew list' }, edit: { index: 0 } },
        { key: 'iris', value: { kind: 'object', size: 2 }, edit: { index: 1, missingAt: ['relay.example'] } },
      ],
    });
    expect(inspector.coValues.tree(map.id, ['iris'])).toMatchObject({
      what: { kind: 'object' },
      total: 2,
      rows: [{ key: 'role', value: { preview: 'deckhand' } }, { key: 'since' }],
    });
    expect(inspector.coValues.tree(map.id, ['iris', 'role'])).toEqual({ state: 'nothing' });
    expect(inspector.coValues.tree(map.id, ['toString'])).toEqual({ state: 'nothing' });
    expect(inspector.coValues.tree(map.id, [], { offset: 1, limit: 1 })).toMatchObject({
      total: 2,
      rows: [{ key: 'iris' }],
    });
  });

  it('of lists, streams, texts and binary streams has their items, and never bytes', () => {
    const list = group.createList(['a', { b: [1, 2] }, map.id], null, 'private');
    expect(inspector.coValues.tree(list.id)).toMatchObject({
      what: { kind: 'list' },
      rows: [{ key: 0 }, { key: 1 }, { key: 2, value: { kind: 'id', id: map.id } }],
    });
    expect(inspector.coValues.tree(list.id, [1, 'b'])).toMatchObject({ what: { kind: 'array' }, total: 2 });

    const stream = group.createStream();
    for (let index = 0; index < 3; index++) stream.push({ index });
    expect(inspector.coValues.tree(stream.id)).toMatchObject({
      what: { kind: 'stream' },
      rows: [{ key: node.currentSessionID, author: { name: 'Ana' }, items: 3 }],
    });
    expect(inspector.coValues.tree(stream.id, [node.currentSessionID], { limit: 2 })).toMatchObject({
      total: 3,
      rows: [{ key: 2 }, { key: 1 }],
    });
    expect(inspector.coValues.tree(stream.id, [node.currentSessionID, 1])).toMatchObject({
      rows: [{ key: 'index' }],
    });

    const text = group.createPlainText('Tide');
    expect(inspector.coValues.tree(text.id)).toMatchObject({
      what: { kind: 'text', preview: 'Tide', length: 4 },
      rows: [],
    });

    const picture = group.createBinaryStream();
    picture.startBinaryStream({ mimeType: 'image/png', fileName: 'pier.png', totalSizeBytes: 4 });
    picture.pushBinaryStreamChunk(new Uint8Array([222, 173, 190, 239]));
    picture.endBinaryStream();
    expect(inspector.coValues.tree(picture.id)).toEqual({
      state: 'read',
      what: { kind: 'binary', mimeType: 'image/png', fileName: 'pier.png', totalBytes: 4, isComplete: true },
      ...{ total: 0, rows: [] },
    });
    const [, chunk] = inspector.coValues.transactions(picture.id).rows;
    expect(chunk?.changes).toMatchObject({ changes: [{ op: 'chunk', value: { kind: 'bytes', bytes: 4 } }] });
    expect(JSON.stringify(allAnswers(picture.id))).not.toContain('3q2-');
  });

  it('of many keys gives some of them, and goes through them again only after a change', () => {
    map.assign(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index])));
    const keys = vi.spyOn(map, 'keys');
    const content = map.core.getCurrentContent() as RawCoMap;
    expect(content).toBe(map);
    for (let index = 0; index < 10; index++) {
      expect(inspector.coValues.tree(map.id, [], { offset: 500, limit: 50 }).state).toBe('read');
    }
    expect(keys).toHaveBeenCalledTimes(1);
    map.set('k0', 1);
    expect(inspector.coValues.tree(map.id)).toMatchObject({ total: 1_002 });
    expect(keys).toHaveBeenCalledTimes(2);
  });
});

describe('a secret', () => {
  it('of a group, an account or the kernel is in no answer', async () => {
    group.addMember('everyone', 'reader');
    const { account } = await otherPerson();
    group.addMember(account, 'writer');
    group.rotateReadKey();
    const own = node.expectCurrentAccount('test');
    const kernelMap = own.createMap();
    kernelMap.set('removal', 'a kernel secret', 'private');
    kernelMap.set('open', 'another kernel secret', 'trusting');
    const answers = JSON.stringify(
      [group.id, own.id, kernelMap.id, map.id].flatMap((id) => [
        ...allAnswers(id),
        ...group.keys().map((key) => inspector.coValues.tree(id, [key])),
      ]),
    );
    expect(answers).not.toMatch(/Secret_z|sealed_U|encrypted_U|kernel secret/);
    expect(inspector.coValues.tree(kernelMap.id)).toEqual({ state: 'hidden' });
    expect(inspector.coValues.transactions(kernelMap.id).rows.map(({ changes }) => changes.state)).toEqual([
      ...['hidden', 'hidden'],
    ]);
    const keyOfEveryone = group.keys().find((key) => key.endsWith('_for_everyone')) ?? '';
    expect(group.get(keyOfEveryone as 'readKey')).toMatch(/^keySecret_z/);
    const tree = inspector.coValues.tree(group.id, [], { limit: 500 });
    const rows = tree.state === 'read' ? tree.rows : [];
    expect(rows.find(({ key }) => key === keyOfEveryone)?.value).toEqual({ kind: 'hidden' });
    expect(rows.find(({ key }) => key === 'readKey')?.value).toEqual({ kind: 'hidden' });
    expect(rows.find(({ key }) => key === account.id)?.value).toMatchObject({ preview: 'writer' });
  });

  it('that an app has put into a value is blotted out, also where the value is cut', () => {
    const secret = `inviteSecret_z${'4'.repeat(44)}`;
    map.set('link', `https://app.example/#${secret}`, 'private');
    map.set('deep', { inside: ['x'.repeat(180), secret] }, 'private');
    map.set('long', `${'x'.repeat(190)}${secret}`, 'private');
    map.set(secret, 1, 'private');
    const answers = JSON.stringify([
      ...allAnswers(map.id),
      inspector.coValues.tree(map.id, ['deep']),
      inspector.coValues.tree(map.id, ['deep', 'inside']),
    ]);
    expect(answers).not.toContain('4'.repeat(8));
    expect(answers).toContain('[withheld]');
  });
});

describe('find', () => {
  it('finds by a part of the name, the kind or the id, of those in memory', () => {
    expect(inspector.coValues.find('crew').rows).toEqual([{ id: map.id, kind: 'CoMap', name: 'Crew list' }]);
    expect(inspector.coValues.find(map.id).rows).toHaveLength(1);
    expect(inspector.coValues.find('', 2).rows).toHaveLength(2);
    expect(inspector.coValues.find('nowhere').rows).toEqual([]);
  });
});
