import type { RawCoID, SessionID } from 'cojson';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  allAnswers,
  group,
  inspector,
  longSession,
  map,
  node,
  otherPerson,
  setUp,
  told,
} from '../../../test/support/inspect/covalue-reading.ts';
import { fakePeerID } from '../../../test/support/sync/fake-sync.ts';
import { createAnnouncedSessions } from '../../engine/session-maps/announced-sessions.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';

beforeEach(setUp);

describe('coValue', () => {
  it('returns header, group, size and what a relay lacks, as plain JSON', () => {
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

  it('[PANEL-3] returns the state of a CoValue that is not in memory, without creating or loading it', () => {
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
    node.setStorage(createMemoryStorage());
    const gone = node.getCoValue('co_zGone');
    gone.setGarbageCollectedState(map.core.knownState());
    expect(inspector.coValue('co_zGone').state).toBe('unloaded');
  });

  it('opens nothing that the app has not opened, because opening a group may write to it', () => {
    const unopened = group.createMap();
    unopened.set('name', 'x', 'private');
    // The state after loading, before the app reads the content.
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

  it('loads a CoValue only on request', async () => {
    await expect(inspector.controls.loadCoValue('<b>')).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(await inspector.controls.loadCoValue(map.id)).toBe(true);
    expect(await inspector.controls.loadCoValue('co_zMissing')).toBe(false);
  });

  it('counts a few thousand more transactions with each read, and none twice', () => {
    const transaction = { privacy: 'trusting', madeAt: 1, changes: '[1]' };
    const reads = longSession(12_000, transaction);
    const sizes = [1, 2, 3, 4].map(() => inspector.coValue(map.id).size);
    expect(sizes.map((size) => size?.counted)).toEqual([5_000, 10_000, 12_000, 12_000]);
    expect(sizes.at(-1)?.bytes).toBe(36_000);
    expect(reads.count).toBe(12_000);
  });
});

describe('members', () => {
  it('lists members with their roles, including inherited ones, and everyone', async () => {
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

  it('names members as they named themselves in the CoValue, and ignores names from others', async () => {
    const { other, account } = await otherPerson();
    group.addMember(account, 'writer');
    const id = other.getCurrentAccountOrAgentID();
    map.set(`names/${id}`, 'Not her name');
    const row = (index: number) => inspector.coValues.members(map.id).rows[index];
    expect(row(1)).toMatchObject({ id, role: 'writer' });
    expect(row(1)?.name).toBeUndefined();
    const theirs = await other.load(map.id);
    if (theirs === 'unavailable') throw new Error('connected above');
    theirs.set(`names/${id}`, ' Tomas ');
    await expect.poll(() => row(1)?.name).toBe('Tomas');
    const [newest] = inspector.coValues.transactions(map.id).rows;
    expect(newest?.author).toEqual({ id, name: 'Tomas' });
    // The profile's name comes first.
    map.set(`names/${node.getCurrentAccountOrAgentID()}`, 'Skipper');
    expect(row(0)?.name).toBe('Ana');
  });

  it('omits members of a parent that is not open, without opening it', () => {
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
  it('lists each session with what each relay has, this tab’s first', () => {
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

  it('tells how much of a session a relay has announced, while more of it arrives', () => {
    const announcedSessions = createAnnouncedSessions();
    Object.assign(node.crypto, { announcedSessions });
    announcedSessions.add(map.id, fakePeerID, { [node.currentSessionID]: 9 });
    expect(inspector.coValues.sessions(map.id).rows[0]).not.toHaveProperty('expected');
    vi.spyOn(map.core, 'isStreaming').mockReturnValue(true);
    expect(inspector.coValues.sessions(map.id).rows).toMatchObject([{ here: 2, expected: 9 }]);
  });

  it('reports unknown instead of guessing if a relay or cojson gives no information', () => {
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

describe('find', () => {
  it('finds CoValues in memory by part of their name, kind or ID', () => {
    expect(inspector.coValues.find('crew').rows).toEqual([{ id: map.id, kind: 'CoMap', name: 'Crew list' }]);
    expect(inspector.coValues.find(map.id).rows).toHaveLength(1);
    expect(inspector.coValues.find('', 2).rows).toHaveLength(2);
    expect(inspector.coValues.find('nowhere').rows).toEqual([]);
  });
});
