import type { JsonValue, LocalNode, RawCoMap, RawGroup } from 'cojson';
import { describe, expect, it } from 'vitest';
import { readWith, roleIn, seal } from './attack.ts';
import {
  attacker,
  crypto,
  give,
  holderOf,
  idOf,
  kernelNodes,
  memberOf,
  nextMoment,
  sign,
  viewOf,
} from './nodes.ts';
import { newDevice, past, readKeyOf, signRaw, start } from './steps.ts';

const minuteMs = 60 * 1000;
const hourMs = 60 * minuteMs;
const tomorrowMs = 19 * hourMs;
const tenYearsMs = 10 * 365 * 24 * hourMs;

/** How far ahead of now what a node signed is, at most. */
function farthest(node: LocalNode, ...values: readonly RawCoMap[]): number {
  const dates = values.flatMap(({ core }) =>
    core.verifiedTransactions.filter(({ author }) => author === idOf(node)).map(({ madeAt }) => madeAt),
  );
  return Math.max(...dates) - Date.now();
}

describe('a date far ahead', () => {
  it.each(
    ['a stranger', 'a reader', 'a writer', 'a writeOnly member', 'a removed member', 'a link'].flatMap((by) =>
      [24 * hourMs, tenYearsMs, Number.MAX_SAFE_INTEGER - Date.now()].map(
        (aheadMs) => [by, aheadMs] as const,
      ),
    ),
  )('[WRITE-8] of %s moves no other date: %i ms', async (by, aheadMs) => {
    const { secret, alice, group, map } = await start();
    const [bob, friend] = [attacker(), attacker()];
    const mallory = by === 'a link' ? holderOf(group.createInvite('writer')) : attacker();
    group.addMember(memberOf(bob), 'writer');
    if (by === 'a reader') group.addMember(memberOf(mallory), 'reader');
    if (by === 'a writeOnly member') group.addMember(memberOf(mallory), 'writeOnly');
    if (by === 'a writer' || by === 'a removed member') group.addMember(memberOf(mallory), 'writer');
    if (by === 'a removed member') group.removeMember(memberOf(mallory));
    await nextMoment();
    give(mallory, alice, group, map);
    const me = idOf(mallory);
    const changes: readonly (readonly [string, JsonValue])[] = [
      ['x', 'admin'],
      [`writeKeyFor_${me}`, crypto.newRandomKeySecret().id],
      [`${readKeyID(group)}_for_${group.id}`, 'x'],
      [idOf(friend), 'writer'],
      [me, 'revoked'],
    ];
    const atMs = Date.now() + aheadMs;
    for (const change of changes) signRaw(mallory, group, change, undefined, atMs);
    signRaw(mallory, map, ['theirs', 1], undefined, atMs - 1);
    give(alice, mallory, group, map);

    map.set('mine', 1);
    group.addMember('everyone', 'reader');
    group.removeMember('everyone');
    group.removeMember(memberOf(bob));
    expect(farthest(alice, group, map)).toBeLessThan(minuteMs);
    const second = await kernelNodes.honest(secret);
    give(second, alice, group, map);
    expect([viewOf(second, map).get('mine'), roleIn(viewOf(second, group), bob)]).toEqual([1, 'none']);
  });

  it('[WRITE-8] within a day lets no edit run further ahead', async () => {
    const { alice, group, map } = await start();
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'writer');
    await nextMoment();
    give(mallory, alice, group, map);
    for (const aheadMs of [19 * hourMs, 20 * hourMs, 21 * hourMs, 23 * hourMs]) {
      sign(mallory, map, ['a', aheadMs], { atMs: Date.now() + aheadMs });
      give(alice, mallory, map);
      map.set('b', aheadMs);
    }
    expect(map.get('b')).toBe(23 * hourMs);
    expect(farthest(alice, map)).toBeLessThanOrEqual(20 * hourMs + 1);
  });
});

/** What makes a removal difficult. Resolves with the dates that bob, who is removed, may try. */
const obstacles: readonly {
  readonly does: string;
  prepare(parts: Awaited<ReturnType<typeof team>>): readonly number[];
}[] = [
  {
    does: 'a link adds somebody tomorrow',
    prepare: ({ alice, group, link }) => add(alice, group, link, attacker(), [tomorrowMs]),
  },
  ...[10 * minuteMs, tomorrowMs, 23 * hourMs, tenYearsMs].map((aheadMs) => ({
    does: `a link adds them in ${String(aheadMs)} ms`,
    prepare: ({ alice, group, link, bob }: Awaited<ReturnType<typeof team>>) =>
      add(alice, group, link, bob, [aheadMs]),
  })),
  {
    does: 'links add them again and again',
    prepare: ({ alice, group, link, otherLink, bob }) => [
      ...add(alice, group, link, bob, [hourMs, 2 * hourMs, 3 * hourMs]),
      ...add(alice, group, otherLink, bob, [hourMs + 1, tomorrowMs, tenYearsMs]),
    ],
  },
  {
    does: 'a manager gives them a role tomorrow',
    prepare: ({ alice, group, manager, bob }) => add(alice, group, manager, bob, [tomorrowMs]),
  },
  {
    does: 'a manager gives them a role at several dates',
    prepare: ({ alice, group, manager, bob }) =>
      add(alice, group, manager, bob, [hourMs, 2 * hourMs, tomorrowMs, tenYearsMs]),
  },
  {
    does: 'they edit data tomorrow',
    prepare({ alice, map, bob }) {
      sign(bob, map, ['early', 1], { atMs: Date.now() + tomorrowMs });
      give(alice, bob, map);
      return [];
    },
  },
];

/** Signs a role at several dates ahead. */
function add(
  alice: LocalNode,
  group: RawGroup,
  by: LocalNode,
  member: LocalNode,
  aheadMs: readonly number[],
): readonly number[] {
  give(by, alice, group);
  const dates = aheadMs.map((ms) => Date.now() + ms);
  for (const atMs of dates) signRaw(by, group, [idOf(member), 'writer'], undefined, atMs);
  give(alice, by, group);
  return dates;
}

async function team() {
  const { secret, alice, group, map } = await start();
  const [bob, manager] = [attacker(), attacker()];
  group.addMember(memberOf(bob), 'reader');
  group.addMember(memberOf(bob), 'writer');
  group.addMember(memberOf(manager), 'manager');
  const [link, otherLink] = [group.createInvite('writer'), group.createInvite('writer')].map(holderOf);
  if (!link || !otherLink) throw new Error('There is no link.');
  await nextMoment();
  give(bob, alice, group, map);
  return { secret, alice, group, map, bob, manager, link, otherLink };
}

describe('a removal takes effect now, and for good', () => {
  it.each(obstacles)('[GROUP-7] although $does', async ({ prepare }) => {
    const parts = await team();
    const { secret, alice, group, map, bob } = parts;
    const key = readKeyOf(group);
    const dates = prepare(parts);
    await nextMoment();
    group.removeMember(memberOf(bob));
    await nextMoment();
    map.set('plan', 'private text');
    give(bob, alice, group, map);
    const tries = [Date.now(), Date.now() + hourMs, ...dates.flatMap((ms) => [ms - 1, ms, ms + 1, ms + 2])];
    for (const atMs of tries) signRaw(bob, map, [`late ${String(atMs)}`, 1], undefined, atMs);
    give(alice, bob, map);
    const second = await kernelNodes.honest(secret);
    give(second, alice, group, map);
    for (const node of [alice, second]) {
      expect(roleIn(viewOf(node, group), bob)).toBe('none');
      expect(viewOf(node, map).toJSON()).toEqual({ a: 1, plan: 'private text' });
    }
    expect(readWith(key, bob, alice, map)).not.toContain('private text');
    expect(farthest(alice, group)).toBeLessThanOrEqual(20 * hourMs);
  });

  it.each(['the removal', 'the end of the right to write'])(
    '[GROUP-7] %s is made again after what a link dates tomorrow, for devices without these rules',
    async (end) => {
      const { alice, group, bob, link } = await team();
      const [atMs = 0] = add(alice, group, link, bob, [tomorrowMs]);
      add(alice, group, link, bob, [tenYearsMs]);
      await nextMoment();
      if (end === 'the removal') group.removeMember(memberOf(bob));
      else group.addMember(memberOf(bob), 'reader');
      const ends = group.ops[idOf(bob) as unknown as 'everyone']?.filter(
        ({ madeAt }) => madeAt > Date.now() - 1000,
      );
      const [now, again, ...more] = ends?.slice(-2) ?? [];
      expect(now?.madeAt).toBeLessThan(Date.now() + 1);
      expect([again?.madeAt, more]).toEqual([atMs + 1, []]);
    },
  );

  it('[GROUP-7] by a manager, although a link adds the removed tomorrow', async () => {
    const { secret, alice, group, map, bob, link } = await team();
    const mia = await kernelNodes.honest();
    group.addMember(memberOf(mia), 'manager');
    await nextMoment();
    const [atMs = 0] = add(alice, group, link, bob, [tomorrowMs]);
    give(mia, alice, group, map);
    viewOf(mia, group).removeMember(memberOf(bob));
    give(bob, mia, group);
    for (const ms of [Date.now(), atMs, atMs + 1])
      signRaw(bob, map, [`late ${String(ms)}`, 1], undefined, ms);
    const second = await newDevice(secret, [mia, group], [bob, map]);
    expect([roleIn(viewOf(second, group), bob), viewOf(second, map).toJSON()]).toEqual(['none', { a: 1 }]);
  });

  it('[GROUP-7] of everyone, although a manager lets everyone write tomorrow', async () => {
    const { alice, group, map, manager } = await team();
    const stranger = attacker();
    group.addMember('everyone', 'writer');
    await nextMoment();
    give(manager, alice, group);
    const atMs = Date.now() + tomorrowMs;
    sign(manager, group, ['everyone', 'writer'], { atMs });
    give(alice, manager, group);
    await nextMoment();
    group.removeMember('everyone');
    await nextMoment();
    give(stranger, alice, group, map);
    for (const ms of [Date.now(), atMs, atMs + 1])
      signRaw(stranger, map, [`late ${String(ms)}`, 1], undefined, ms);
    give(alice, stranger, map);
    expect([group.get('everyone'), map.toJSON()]).toEqual(['revoked', { a: 1 }]);
  });

  it.each([tomorrowMs, tenYearsMs])(
    '[GROUP-7] of a parent, although a manager puts it there again in %i ms',
    async (aheadMs) => {
      const { alice, group, map, manager, bob } = await team();
      const parent = alice.createGroup();
      group.removeMember(memberOf(bob));
      parent.addMember(memberOf(bob), 'writer');
      group.extend(parent, 'writer');
      await nextMoment();
      give(manager, alice, parent, group);
      const atMs = Date.now() + aheadMs;
      sign(manager, group, [`parent_${parent.id}`, 'writer'], { atMs });
      give(alice, manager, group);
      await nextMoment();
      group.revokeExtend(parent);
      await nextMoment();
      give(bob, alice, parent, group, map);
      for (const ms of [Date.now(), atMs, atMs + 1])
        signRaw(bob, map, [`late ${String(ms)}`, 1], undefined, ms);
      give(alice, bob, map);
      expect([roleIn(group, bob), map.toJSON()]).toEqual(['none', { a: 1 }]);
    },
  );

  it.each(['the group', 'a group below'])(
    '[GROUP-7] of a manager, who has given a friend a role tomorrow in %s',
    async (where) => {
      const { alice, group: top } = await start();
      const [mallory, friend] = [attacker(), attacker()];
      top.addMember(memberOf(mallory), 'manager');
      const below = alice.createGroup();
      below.extend(top);
      const group = where === 'the group' ? top : below;
      await nextMoment();
      give(mallory, alice, top, below);
      add(alice, group, mallory, friend, [tomorrowMs, tenYearsMs]);
      add(alice, group, mallory, mallory, [tomorrowMs]);
      await nextMoment();
      top.removeMember(memberOf(mallory));
      expect([roleIn(group, mallory), roleIn(group, friend)]).toEqual(['none', 'none']);
      expect(farthest(alice, top, below)).toBeLessThanOrEqual(20 * hourMs);
    },
  );

  it.each([tomorrowMs, tenYearsMs])(
    '[GROUP-7] and the key is a new one, although a manager has set another in %i ms',
    async (aheadMs) => {
      const { alice, group, map, manager, bob } = await team();
      give(manager, alice, group);
      const own = crypto.newRandomKeySecret();
      const atMs = Date.now() + aheadMs;
      sign(manager, group, [`${own.id}_for_${idOf(alice)}`, seal(manager, group, own.secret, alice)], {
        atMs,
      });
      sign(manager, group, ['readKey', own.id], { atMs });
      give(alice, manager, group);
      await nextMoment();
      group.removeMember(memberOf(bob));
      await nextMoment();
      map.set('plan', 'private text');
      give(bob, alice, map);
      expect(readWith(own.secret, bob, alice, map)).toEqual([]);
    },
  );

  it('[GROUP-7] until the member is added again', async () => {
    const { secret, alice, group, map, bob, link } = await team();
    add(alice, group, link, bob, [tomorrowMs, tenYearsMs]);
    await nextMoment();
    group.removeMember(memberOf(bob));
    await nextMoment();
    group.addMember(memberOf(bob), 'writer');
    await nextMoment();
    give(bob, alice, group);
    sign(bob, map, ['again', 1]);
    const second = await newDevice(secret, [alice, group], [bob, map]);
    expect([roleIn(viewOf(second, group), bob), viewOf(second, map).get('again')]).toEqual(['writer', 1]);
  });
});

it.each([minuteMs, tomorrowMs, tenYearsMs])(
  '[GROUP-7] a member who has left at a date %i ms ahead can be added again',
  async (aheadMs) => {
    const { alice, group, map, bob } = await team();
    signRaw(bob, group, [idOf(bob), 'revoked'], undefined, Date.now() + aheadMs);
    give(alice, bob, group);
    group.addMember(memberOf(bob), 'manager');
    await nextMoment();
    give(bob, alice, group);
    sign(bob, map, ['again', 1], { atMs: Date.now() + 2 * minuteMs });
    give(alice, bob, map);
    expect([roleIn(group, bob), map.get('again')]).toEqual(['manager', 1]);
  },
);

it.each([tomorrowMs, tenYearsMs])(
  '[GROUP-7] a member whom a link has added in %i ms can be added now',
  async (aheadMs) => {
    const { alice, group, map, link } = await team();
    const carol = attacker();
    add(alice, group, link, carol, [aheadMs]);
    group.addMember(memberOf(carol), 'writer');
    await nextMoment();
    give(carol, alice, group, map);
    sign(carol, map, ['now', 1]);
    give(alice, carol, map);
    expect([roleIn(group, carol), map.get('now')]).toEqual(['writer', 1]);
  },
);

it('[GROUP-7] a manager who leaves in ten years adds nobody below after the removal, by an earlier date', async () => {
  const { alice, group: parent } = await start();
  const [mallory, friend] = [attacker(), attacker()];
  parent.addMember(memberOf(mallory), 'manager');
  const child = alice.createGroup();
  child.extend(parent);
  const atMs = await past();
  give(mallory, alice, parent, child);
  signRaw(mallory, parent, [idOf(mallory), 'revoked'], undefined, Date.now() + tenYearsMs);
  give(alice, mallory, parent);
  parent.removeMember(memberOf(mallory));
  signRaw(mallory, child, [idOf(friend), 'manager'], undefined, atMs);
  give(alice, mallory, child);
  expect(roleIn(child, friend)).toBe('none');
});

describe('what an author had seen ahead', () => {
  it('[GROUP-7] of a manager voids nothing of another manager or an admin', async () => {
    const { alice, group, bob, manager } = await team();
    const carol = attacker();
    group.addMember(memberOf(carol), 'manager');
    const atMs = await past();
    group.addMember(memberOf(bob), 'reader');
    await nextMoment();
    give(carol, alice, group);
    sign(carol, group, [idOf(bob), 'writer']);
    give(alice, carol, group);
    give(manager, alice, group);
    const ahead = { [alice.currentSessionID]: 9999, [carol.currentSessionID]: 9999 };
    signRaw(manager, group, [idOf(bob), 'revoked'], { ahead }, atMs);
    give(alice, manager, group);
    expect(roleIn(group, bob)).toBe('writer');
  });

  it('[GROUP-7] of an admin voids nothing of another admin', async () => {
    const { alice, group, bob } = await team();
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'admin');
    const atMs = await past();
    group.addMember(memberOf(bob), 'manager');
    give(mallory, alice, group);
    const ahead = { [alice.currentSessionID]: 9999 };
    signRaw(mallory, group, [idOf(bob), 'revoked'], { ahead }, atMs);
    give(alice, mallory, group);
    expect(roleIn(group, bob)).toBe('manager');
  });

  it.each([{ ahead: null }, { ahead: [1] }, { ahead: 'x' }, { ahead: { __proto__: 9 } }, null, 'ahead'])(
    '[GROUP-7] can be any JSON: %j',
    async (meta) => {
      const { alice, group, bob } = await team();
      const mallory = attacker();
      group.addMember(memberOf(mallory), 'admin');
      await nextMoment();
      give(mallory, alice, group);
      signRaw(mallory, group, [idOf(bob), 'reader'], meta);
      give(alice, mallory, group);
      expect([group.myRole(), ['reader', 'writer'].includes(roleIn(group, bob))]).toEqual(['admin', true]);
    },
  );
});

const readKeyID = (group: RawGroup) => String(group.get('readKey'));
