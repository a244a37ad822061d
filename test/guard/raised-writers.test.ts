import { expect, it } from 'vitest';
import { give, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';

it('[GROUP-4] shows what a writeOnly member writes before hearing of being a writer', async () => {
  const [owner, member, other] = [
    await kernelNodes.honest(),
    await kernelNodes.honest(),
    await kernelNodes.honest(),
  ];
  const group = owner.createGroup();
  const map = group.createMap();
  group.addMember(memberOf(member), 'writeOnly');
  group.addMember(memberOf(other), 'reader');
  await nextMoment();
  // The key is replaced, so the member chooses a new one for the next edit.
  group.removeMember(memberOf(other));
  give(member, owner, group, map);
  await nextMoment();
  group.addMember(memberOf(member), 'writer');
  await nextMoment();
  viewOf(member, map).set('answer', 'theirs');
  give(owner, member, group, map);
  give(member, owner, group, map);
  expect(viewOf(member, map).get('answer')).toBe('theirs');
  expect(map.get('answer')).toBe('theirs');
});
