import { expect, it, vi } from 'vitest';
import { readWith } from './attack.ts';
import { attacker, give, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';

it.each(['admin', 'manager'] as const)(
  '[GROUP-9] whoever leaves as %s keeps the key that they made last: it is replaced before its next use',
  async (role) => {
    const [alice, mallory] = [await kernelNodes.honest(), attacker()];
    const group = alice.createGroup();
    group.addMember(memberOf(mallory), role);
    const map = group.createMap({ a: 1 });
    give(mallory, alice, group, map);
    await nextMoment();
    const make = vi.spyOn(mallory.crypto, 'newRandomKeySecret');
    viewOf(mallory, group).removeMember(memberOf(mallory));
    const made = make.mock.results.at(-1)?.value as ReturnType<typeof mallory.crypto.newRandomKeySecret>;
    make.mockRestore();
    give(alice, mallory, group);
    expect(group.get(memberOf(mallory) as 'everyone')).toBe('revoked');
    await nextMoment();
    map.set('words', 'private');
    give(mallory, alice, group, map);
    expect(readWith(made.secret, mallory, alice, map)).not.toContain('private');
  },
);
