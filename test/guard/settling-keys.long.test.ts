import type { LocalNode, RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { attempt } from './attack.ts';
import { attacker, give, kernelNodes, memberOf, newSecret, nextMoment, viewOf } from './nodes.ts';
import { newDevice } from './steps.ts';

const inChild = ['writeOnly', 'everyone writeOnly', 'reader', 'manager', 'admin'] as const;
const inParent = ['none', 'reader', 'writeOnly', 'everyone reader', 'everyone writeOnly', 'manager'] as const;
const events = ['a reader leaves', 'a removal while the child is closed', 'a link'] as const;
const cases = inChild.flatMap((child) =>
  inParent.flatMap((above) => events.map((event) => [child, above, event] as const)),
);
const rounds = 5;

function addTo(group: RawGroup, member: LocalNode, role: string): void {
  if (role === 'none') return;
  const ofEveryone = /^everyone (.*)/.exec(role)?.[1];
  if (ofEveryone !== undefined) group.addMember('everyone', ofEveryone as 'reader');
  else group.addMember(memberOf(member), role as 'reader');
}

async function happen(
  event: (typeof events)[number],
  alice: LocalNode,
  carol: LocalNode,
  secret: ReturnType<typeof newSecret>,
  parent: RawGroup,
): Promise<void> {
  const by = event === 'a reader leaves' ? carol : await newDevice(secret, [alice, parent]);
  if (event === 'a link') viewOf(by, parent).createInvite('reader');
  else viewOf(by, parent).removeMember(memberOf(carol));
  give(alice, by, parent);
}

it.each(cases)(
  '[GROUP-9] devices stop replacing keys: %s in the child, %s in the parent, %s',
  async (child, above, event) => {
    const secret = newSecret();
    const [alice, bob, xena, carol] = [
      await kernelNodes.honest(secret),
      await kernelNodes.honest(),
      await kernelNodes.honest(),
      attacker(),
    ];
    const [parent, group] = [alice.createGroup(), alice.createGroup()];
    parent.addMember(memberOf(carol), 'reader');
    group.addMember(memberOf(bob), 'admin');
    addTo(parent, xena, above);
    addTo(group, xena, child);
    group.extend(parent);
    const map = group.createMap({ a: 1 });
    for (const node of [bob, xena, carol]) {
      give(node, alice, parent, group, map);
      viewOf(node, group);
    }
    await nextMoment();
    await happen(event, alice, carol, secret, parent);
    await nextMoment();

    const writers = [bob, xena, alice];
    const countIn = (one: RawGroup) =>
      Math.max(...writers.map((node) => viewOf(node, one).core.verifiedTransactions.length));
    const counts: (readonly number[])[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const node of writers) {
        for (const other of writers) if (other !== node) give(node, other, parent, group, map);
        await nextMoment();
        // A reader may not write.
        attempt(() => viewOf(node, map).set('b', round));
      }
      await nextMoment();
      counts.push([parent, group].map(countIn));
    }
    expect(counts.slice(2)).toEqual(Array(rounds - 2).fill(counts.at(-1)));
  },
  20_000,
);
