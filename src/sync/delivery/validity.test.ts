import { LocalNode, type RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  bring,
  contentOn,
  follow,
  idOf,
  later,
  shareGroup,
  untilCount,
  type SharedGroup,
} from '../../../test/support/sync/shared-group.ts';
import { startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { createInstantPacer } from '../../../test/support/instant-pacer.ts';
import { until } from '../../../test/support/until.ts';
import { coValuesOf } from '../../engine/private-fields.ts';
import { createValidity } from './validity.ts';

// Stock nodes: the kernel's own refuse an edit without a right in the call, unless the right may still arrive.

let owner: SharedGroup['owner'];
let other: SharedGroup['other'];
let group: SharedGroup['group'];
let map: SharedGroup['map'];
let otherAccount: SharedGroup['otherAccount'];
let mapOn: SharedGroup['mapOn'];
let groupOn: SharedGroup['groupOn'];
let write: SharedGroup['write'];
let setRole: SharedGroup['setRole'];
let remove: SharedGroup['remove'];
beforeEach(async () => {
  ({ owner, other, group, map, otherAccount, mapOn, groupOn, write, setRole, remove } = await shareGroup());
});

/** Another node of the owner, which knows nothing yet. */
function secondDevice(): LocalNode {
  const { crypto, agentSecret } = owner;
  return new LocalNode(agentSecret, crypto.newRandomSessionID(idOf(owner)), crypto);
}

describe('[CONF-13] an edit that nobody counts is reported, with the reason', () => {
  it('at once if its author is not a member', async () => {
    bring(owner, other, group.id, map.id);
    const { sync, told } = follow(other);
    write('mine');
    await Promise.resolve();
    expect(sync.current.notCounted).toEqual({ count: 1, ids: [map.id] });
    const sessionID = other.currentSessionID;
    await until(() =>
      expect(told).toEqual([{ id: map.id, sessionID, index: 0, reason: 'not-a-member-then' }]),
    );
  });

  it('if its author is a reader', async () => {
    setRole('reader');
    bring(owner, other, group.id, map.id);
    const { reasons } = follow(other);
    write('mine');
    await until(() => expect(reasons()).toEqual(['no-access']));
  });

  it('once a removal of its author arrives', async () => {
    setRole('writer');
    bring(owner, other, group.id, map.id);
    const { sync, reasons } = follow(other);
    write('before');
    remove();
    later();
    write('after');
    await Promise.resolve();
    expect(sync.current.notCounted.count).toBe(0);
    bring(owner, other, group.id);
    await untilCount(sync, 1);
    expect(reasons()).toEqual(['not-a-member-then']);
  });

  it('if it gives a member of a group what is no role', async () => {
    const { reasons } = follow(owner);
    group.set(idOf(other), 'boss' as 'writer', 'trusting');
    await until(() => expect(reasons()).toEqual(['malformed']));
  });

  it('if it sets in a group what cojson does not know, and a wait for it rejects', async () => {
    const relay = await startStockRelay();
    onTestFinished(() => relay.close());
    const { sync, reasons } = follow(owner, relay.url);
    group.set('foo' as 'everyone', 'bar' as 'reader');
    await expect(sync.whenConfirmed(group)).rejects.toMatchObject({ code: 'EDIT_NOT_COUNTED' });
    expect(reasons()).toEqual(['malformed']);
  });

  it('if a member may not change others', async () => {
    setRole('writer');
    bring(owner, other, group.id);
    const { reasons } = follow(other);
    expect(() => groupOn(other).addMember('everyone', 'reader')).toThrow();
    await until(() => expect(reasons()).toEqual(['no-access']));
  });
});

describe('[CONF-13] an edit that an earlier run left behind is judged when a relay confirms it', () => {
  function recalled(confirmedBefore: number) {
    bring(owner, other, group.id, map.id);
    write('one');
    write('two');
    const told: unknown[] = [];
    const pacer = createInstantPacer();
    const emit = (_event: string, detail: unknown) => void told.push(detail);
    const validity = createValidity({ node: other, pacer, events: { emit }, onChange: () => {} });
    const sessionID = other.currentSessionID;
    const confirmed = new Map([['relay', { [sessionID]: confirmedBefore }]]);
    validity.recalled(map.id, { need: { [sessionID]: 2 }, confirmed });
    expect(told).toEqual([]);
    validity.confirmed(map.id, { [sessionID]: 2 });
    validity.done(map.id);
    return { told, sessionID };
  }

  it('if it is in memory', () => {
    const { told, sessionID } = recalled(0);
    const detail = { id: map.id, sessionID, reason: 'not-a-member-then' };
    expect(told).toEqual([
      { ...detail, index: 1 },
      { ...detail, index: 0 },
    ]);
  });

  it('unless the relay had confirmed it before', () => {
    expect(recalled(1).told).toMatchObject([{ index: 1 }]);
  });
});

it('[CONF-13] takes in what an earlier run left before the account is loaded', () => {
  const node = new LocalNode(owner.agentSecret, owner.crypto.newRandomSessionID(idOf(owner)), owner.crypto);
  const pacer = createInstantPacer();
  const validity = createValidity({ node, pacer, events: { emit: () => {} }, onChange: () => {} });
  const [mine, theirs] = [`${idOf(node)}_session_zA`, `${idOf(other)}_session_zB`];
  validity.recalled(map.id, { need: { header: 1, [mine]: 2, [theirs]: 3 }, confirmed: new Map() });
  expect(validity.unconfirmedFrom(map.id)).toEqual({ [mine]: 0 });
});

it('knows whether a relay has confirmed the header', () => {
  const node = new LocalNode(owner.agentSecret, owner.crypto.newRandomSessionID(idOf(owner)), owner.crypto);
  const pacer = createInstantPacer();
  const validity = createValidity({ node, pacer, events: { emit: () => {} }, onChange: () => {} });
  validity.made('co_z1', { header: 1 });
  expect(validity.unconfirmedFrom('co_z1')).toEqual({ header: 0 });
  validity.confirmed('co_z1', { header: 1 });
  expect(validity.unconfirmedFrom('co_z1')).toEqual({ header: 1 });
});

describe('[CONF-14] a verdict follows what arrives of the groups', () => {
  it('if the membership arrives after the edit', async () => {
    bring(owner, other, group.id, map.id);
    setRole('writer');
    const { sync } = follow(other);
    later();
    write('mine');
    await untilCount(sync, 1);
    bring(owner, other, group.id);
    await untilCount(sync, 0);
    expect(mapOn(other).get('key')).toBe('mine');
  });

  it('if the membership is in a group above', async () => {
    const above = owner.createGroup();
    group.extend(above);
    bring(owner, other, above.id, group.id, map.id);
    setRole('writer', above);
    const { sync } = follow(other);
    later();
    write('mine');
    await untilCount(sync, 1);
    bring(owner, other, above.id);
    await untilCount(sync, 0);
  });

  it('if a removal arrives, and then that another device of the owner had added the member again', async () => {
    setRole('writer');
    bring(owner, other, group.id, map.id);
    const second = secondDevice();
    bring(owner, second, idOf(owner), idOf(other), group.id, map.id);
    const { sync, told } = follow(other);
    remove();
    later();
    groupOn(second).addMember(otherAccount(), 'manager');
    later();
    write('mine');
    bring(owner, other, group.id);
    await untilCount(sync, 1);
    bring(second, other, group.id);
    await untilCount(sync, 0);
    expect(told).toHaveLength(1);
    expect(mapOn(other).get('key')).toBe('mine');
  });

  it('until the CoValue is deleted', async () => {
    bring(owner, other, group.id, map.id);
    const { sync } = follow(other);
    write('mine');
    await untilCount(sync, 1);
    map.core.deleteCoValue();
    bring(owner, other, map.id);
    await Promise.resolve();
    expect(sync.current.notCounted.count).toBe(0);
  });

  it('and not again after its deletion, when its group changes', async () => {
    const visible = group.createMap({}, null, 'trusting');
    setRole('writer');
    bring(owner, other, group.id, map.id, visible.id);
    const { sync, told } = follow(other);
    remove();
    later();
    write('mine');
    (contentOn(other, visible.id) as RawCoMap).set('key', 'mine', 'trusting');
    map.core.deleteCoValue();
    bring(owner, other, map.id, group.id);
    await until(() => expect(sync.current.notCounted.ids).toEqual([visible.id]));
    expect(told.map(({ id }) => id)).toEqual([visible.id]);
  });

  it('but not if the CoValue is unloaded', async () => {
    const loaded = group.createMap({}, null, 'trusting');
    bring(owner, other, group.id, map.id, loaded.id);
    setRole('writer');
    const { sync } = follow(other);
    later();
    write('mine');
    (contentOn(other, loaded.id) as RawCoMap).set('key', 'mine', 'trusting');
    await untilCount(sync, 2);
    coValuesOf(other)?.delete(map.id);
    bring(owner, other, group.id);
    await untilCount(sync, 1);
    expect(sync.current.notCounted.ids).toEqual([map.id]);
  });
});

it('[CONF-16] the state names a bounded number of CoValues', async () => {
  const maps = Array.from({ length: 150 }, () => group.createMap({}, null, 'trusting'));
  bring(owner, other, group.id, ...maps.map(({ id }) => id));
  const { sync } = follow(other);
  for (const { id } of maps) (contentOn(other, id) as RawCoMap).set('key', 'mine', 'trusting');
  await Promise.resolve();
  expect(sync.current.notCounted.count).toBe(150);
  expect(sync.current.notCounted.ids).toEqual(maps.slice(0, 100).map(({ id }) => id));
});

it('[CONF-13] does not report what cojson makes of itself in groups', async () => {
  setRole('writer');
  bring(owner, other, group.id);
  const { sync, told } = follow(other);
  groupOn(other).set('readKey', 'key_z1', 'trusting');
  expect(groupOn(other).core.verifiedTransactions.at(-1)?.isValid).toBe(false);
  groupOn(other).set('everyone', 'reader', 'trusting');
  await untilCount(sync, 1);
  expect(told.map(({ index }) => index)).toEqual([1]);
});
