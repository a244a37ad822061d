import type { CoID, LocalNode, RawCoList, RawCoMap, RawGroup, Role } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { until } from '../../../test/support/until.ts';
import { contentIn, copyContent, openSessionNode } from '../../../test/support/engine/session-nodes.ts';

/** Two session nodes that exchange content when a test says so. */
let owner: LocalNode;
let other: LocalNode;
let group: RawGroup;
beforeEach(async () => {
  [owner, other] = [await openSessionNode(1), await openSessionNode(2)];
  group = owner.createGroup();
  copyContent(other, owner);
});

const accountOf = (node: LocalNode) => node.expectCurrentAccount('test');
function admit(role: Role): void {
  group.addMember(contentIn(owner, accountOf(other)), role);
}

const forbidden = (id: string, role?: Role) =>
  expect.objectContaining({ code: 'WRITE_FORBIDDEN', details: { id, role } }) as Error;

function expectRefused(write: () => unknown, id: string, role?: Role): void {
  const before = stateOf(other);
  expect(write).toThrow(forbidden(id, role));
  expect(stateOf(other)).toEqual(before);
}

/** Everything that a sync counts as pending follows from it. */
const stateOf = (node: LocalNode) =>
  new Map([...node.allCoValues()].map((core) => [core.id, core.knownState()]));

describe('[WRITE-1] an edit without the right to make it throws WRITE_FORBIDDEN and changes nothing', () => {
  it('by a reader: map, list, text, stream, deletion, creation', () => {
    admit('reader');
    const map = group.createMap({ a: 1 });
    const list = group.createList(['a']);
    const text = group.createPlainText('a');
    const stream = group.createStream(['a']);
    copyContent(owner, other);
    const get = <T>({ id }: { readonly id: string }) => other.getLoaded(id as CoID<never>) as T;

    for (const privacy of ['private', 'trusting'] as const) {
      expectRefused(() => get<typeof map>(map).set('a', 2, privacy), map.id, 'reader');
      expectRefused(() => get<typeof map>(map).delete('a', privacy), map.id, 'reader');
      expectRefused(() => get<typeof list>(list).append('b', undefined, privacy), list.id, 'reader');
      expectRefused(() => get<typeof list>(list).delete(0, privacy), list.id, 'reader');
      expectRefused(() => get<typeof text>(text).insertAfter(0, 'b', privacy), text.id, 'reader');
      expectRefused(() => get<typeof stream>(stream).push('b', privacy), stream.id, 'reader');
    }
    expectRefused(() => contentIn(other, map).core.deleteCoValue(), map.id, 'reader');
    expectRefused(() => contentIn(other, group).createMap({ a: 1 }), group.id, 'reader');
    expectRefused(() => contentIn(other, group).createPlainText('a'), group.id, 'reader');
  });

  it('by a stranger, and by a member who was removed', () => {
    const map = group.createMap({ a: 1 }, null, 'trusting');
    copyContent(owner, other);
    expectRefused(() => contentIn(other, map).set('a', 2, 'trusting'), map.id);
    admit('writer');
    copyContent(owner, other);
    contentIn(other, map).set('a', 2);
    group.removeMember(contentIn(owner, accountOf(other)));
    copyContent(owner, other);
    expectRefused(() => contentIn(other, map).set('a', 3, 'trusting'), map.id);
  });

  it('by a removed member, whose edit cannot even be encrypted', () => {
    admit('writer');
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    contentIn(other, map).set('a', 2);
    group.removeMember(contentIn(owner, accountOf(other)));
    copyContent(owner, other);
    expectRefused(() => contentIn(other, map).set('a', 3), map.id);
  });

  it('by a writer, if it deletes from a list from which only managers may delete', () => {
    admit('writer');
    const options = { restrictDeletion: true };
    const list = group.createList<RawCoList<string>>(
      ['a', 'b'],
      null,
      'private',
      undefined,
      undefined,
      options,
    );
    copyContent(owner, other);
    const theirs = other.getLoaded(list.id) as typeof list;
    expectRefused(() => theirs.delete(0), list.id, 'writer');
    expectRefused(() => theirs.replace(1, 'c'), list.id, 'writer');
    theirs.append('c');
    copyContent(other, owner);
    list.delete(0);
    copyContent(owner, other);
    expect([list.asArray(), theirs.asArray()]).toEqual([
      ['b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('if it would take an admin’s role away, give more than a manager may, or is a writer’s', () => {
    admit('admin');
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    const ours = contentIn(other, accountOf(owner));
    expectRefused(() => contentIn(other, group).removeMember(ours), group.id, 'admin');
    expectRefused(() => contentIn(other, group).addMember(ours, 'writeOnly'), group.id, 'admin');
    contentIn(other, group).removeMember(accountOf(other));
    copyContent(other, owner);
    expect(group.roleOf(accountOf(other).id)).toBeUndefined();
    admit('manager');
    copyContent(owner, other);
    expectRefused(() => contentIn(other, group).removeMember(ours), group.id, 'manager');
    expectRefused(() => contentIn(other, group).createInvite('admin'), group.id, 'manager');
    contentIn(other, group).addMember('everyone', 'reader');
    admit('writer');
    copyContent(owner, other);
    expectRefused(() => contentIn(other, group).removeMember(ours), group.id, 'writer');
    expectRefused(() => contentIn(other, group).addMember('everyone', 'writer'), group.id, 'writer');
    map.set('a', 2);
    copyContent(owner, other);
    expect(contentIn(other, map).get('a')).toBe(2);
  });

  it('by an account that is not an admin, if it deletes a CoValue', () => {
    admit('writer');
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    expectRefused(() => contentIn(other, map).core.deleteCoValue(), map.id, 'writer');
  });
});

describe('[WRITE-2] an edit with the right to make it works', () => {
  it.each(['writeOnly', 'writer', 'manager', 'admin'] as const)('by a %s', (role) => {
    admit(role);
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    contentIn(other, map).set('b', 2);
    copyContent(other, owner);
    expect(map.get('b')).toBe(2);
  });

  it('by a reader whose role was raised in a parent group', async () => {
    const parent = owner.createGroup();
    group.extend(parent);
    admit('reader');
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    await until(() => contentIn(other, map));
    parent.addMember(contentIn(owner, accountOf(other)), 'writer');
    copyContent(owner, other);
    contentIn(other, map).set('a', 2);
    copyContent(other, owner);
    expect(map.get('a')).toBe(2);
  });

  it('by everyone, if everyone may write', () => {
    group.addMember('everyone', 'writer');
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    contentIn(other, map).set('a', 2);
    expect(contentIn(other, map).get('a')).toBe(2);
  });

  it('of what the account owns itself', () => {
    const profileID = accountOf(other).get('profile');
    if (!profileID) throw new Error('set by the genesis');
    const profile = other.getLoaded(profileID);
    profile?.set('name', 'Ada');
    expect(profile?.get('name')).toBe('Ada');
  });

  it('made before the removal is received, and the edit counts if it is older', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    admit('writer');
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    contentIn(other, map).set('a', 2);
    vi.advanceTimersByTime(10);
    group.removeMember(contentIn(owner, accountOf(other)));
    contentIn(other, map).set('b', 3);
    copyContent(other, owner);
    expect(map.get('a')).toBe(2);
  });
});

describe('[WRITE-3] cojson’s own edits that count nowhere do not throw', () => {
  it('of a group that makes everyone write only', () => {
    group.addMember('everyone', 'writeOnly');
    expect(group.get('everyone')).toBe('writeOnly');
  });

  it('of removing a member from a group that another one extends with a role', () => {
    const child = owner.createGroup();
    child.extend(group, 'reader');
    admit('writer');
    group.removeMember(contentIn(owner, accountOf(other)));
    expect(group.get(accountOf(other).id)).toBe('revoked');
  });

  it('of a reader’s branch and its merge', () => {
    admit('reader');
    const map = group.createMap({ a: 1 });
    copyContent(owner, other);
    const own = other.createGroup();
    const branch = contentIn(other, map).core.createBranch('draft', own.id);
    (branch.getCurrentContent() as RawCoMap).set('a', 2);
    branch.mergeBranch();
    expect(contentIn(other, map).get('a')).toBe(1);
  });
});

it('[WRITE-6] an edit of a deleted value throws CO_VALUE_DELETED and changes nothing', () => {
  const map = group.createMap({ a: 1 });
  map.core.deleteCoValue();
  const before = stateOf(owner);
  const { id } = map;
  expect(() => map.set('a', 2)).toThrow(
    expect.objectContaining({ code: 'CO_VALUE_DELETED', details: { id } }) as Error,
  );
  expect(stateOf(owner)).toEqual(before);
  map.core.deleteCoValue();
});

it('[WRITE-1] a private edit of a group throws WRITE_FORBIDDEN and changes nothing', () => {
  const before = stateOf(owner);
  expect(() => group.set('profile', null)).toThrow(
    expect.objectContaining({ code: 'WRITE_FORBIDDEN' }) as Error,
  );
  expect(stateOf(owner)).toEqual(before);
});

it.each(['constructor', '__proto__'])(
  '[WRITE-7] a map’s key %s throws KEY_RESERVED and changes nothing',
  (key) => {
    const map = group.createMap({ a: 1 });
    const before = stateOf(owner);
    const reserved = (details: object) =>
      expect.objectContaining({ code: 'KEY_RESERVED', details: { key, ...details } }) as Error;
    expect(() => map.set(key as 'a', 2)).toThrow(reserved({ id: map.id }));
    expect(() => map.delete(key as 'a')).toThrow(reserved({ id: map.id }));
    expect(() => group.createMap(Object.fromEntries([[key, 1]]))).toThrow(reserved({}));
    expect(stateOf(owner)).toEqual(before);
    expect(map.toJSON()).toEqual({ a: 1 });
  },
);

describe('[WRITE-4] an edit above 1,048,576 bytes throws VALUE_TOO_LARGE and changes nothing', () => {
  const limitBytes = 1_048_576;
  const frame = JSON.stringify([{ op: 'set', key: 'a', value: '' }]).length;
  const tooLarge = (details: object) =>
    expect.objectContaining({ code: 'VALUE_TOO_LARGE', details: { limitBytes, ...details } }) as Error;

  it.each(['private', 'trusting'] as const)('%s', (privacy) => {
    const map = group.createMap({ a: 1 });
    const before = stateOf(owner);
    const { id } = map;
    expect(() => map.set('a', 'x'.repeat(limitBytes - frame + 1), privacy)).toThrow(
      tooLarge({ id, bytes: limitBytes + 1 }),
    );
    expect(() => map.set('a', 'é'.repeat(600_000), privacy)).toThrow(
      tooLarge({ id, bytes: 1_200_000 + frame }),
    );
    expect(stateOf(owner)).toEqual(before);
    map.set('a', 'x'.repeat(limitBytes - frame), privacy);
    map.set('b', 1, privacy);
    expect(map.get('b')).toBe(1);
  });

  it('in a list and a stream; a text is split', () => {
    const large = 'x'.repeat(limitBytes);
    const list = group.createList(['a']);
    const stream = group.createStream(['a']);
    const before = stateOf(owner);
    expect(() => list.append(large)).toThrow(tooLarge({ id: list.id, bytes: expect.any(Number) as number }));
    expect(() => stream.push(large)).toThrow(tooLarge({ id: stream.id, bytes: limitBytes + 4 }));
    expect(stateOf(owner)).toEqual(before);
    const text = group.createPlainText('a');
    text.insertAfter(0, 'x'.repeat(20_000));
    expect(text.toString()).toHaveLength(20_001);
  });

  it('before a CoValue is created with it', () => {
    const large = 'x'.repeat(limitBytes);
    const before = stateOf(owner);
    const bytes = expect.any(Number) as number;
    expect(() => group.createMap({ a: large })).toThrow(tooLarge({ bytes }));
    expect(() => group.createList([large])).toThrow(tooLarge({ bytes }));
    expect(() => group.createStream([large])).toThrow(tooLarge({ bytes }));
    expect(stateOf(owner)).toEqual(before);
    const inner = group.createMap({ a: 'x'.repeat(limitBytes - frame) });
    expect(group.createMap({ inner: inner.id }).get('inner')).toBe(inner.id);
  });
});

describe('[WRITE-5] an invite that does not open rejects with INVITE_INVALID', () => {
  const invalid = (reason: string) =>
    expect.objectContaining({ code: 'INVITE_INVALID', details: { reason } }) as Error;

  it('because of its form', async () => {
    copyContent(owner, other);
    for (const secret of ['', 'inviteSecret_z', 'inviteSecret_z0', 'secret_zabc'] as const) {
      await expect(other.acceptInvite(group.id, secret as 'inviteSecret_z')).rejects.toEqual(invalid('form'));
    }
  });

  it('because the group does not know it', async () => {
    const secret = owner.createGroup().createInvite('writer');
    copyContent(owner, other);
    await expect(other.acceptInvite(group.id, secret)).rejects.toEqual(invalid('unknown'));
  });

  it('because it was revoked', async () => {
    const secret = group.createInvite('writer');
    const invite = group.keys().find((key) => group.get(key) === 'writerInvite');
    group.set(invite as 'everyone', 'revoked', 'trusting');
    copyContent(owner, other);
    await expect(other.acceptInvite(group.id, secret)).rejects.toEqual(invalid('revoked'));
    expect(contentIn(other, group).myRole()).toBeUndefined();
  });

  it('but one that opens gives its role', async () => {
    const secret = group.createInvite('reader');
    copyContent(owner, other);
    await other.acceptInvite(group.id, secret);
    expect(contentIn(other, group).myRole()).toBe('reader');
  });
});
