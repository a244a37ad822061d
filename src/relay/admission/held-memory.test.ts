import { expect, it } from 'vitest';
import type { Content } from '../../engine/content.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createHeldContent, holdMs, lookSpanMs, maxHeldAuthors, maxLooks } from './held-content.ts';

const transaction = { privacy: 'trusting', madeAt: 1, changes: '[]' } as const;
const contentBy = (...authors: readonly string[]) => {
  const session = { after: 0, newTransactions: [transaction], lastSignature: 'signature_z1' };
  const sessions = Object.fromEntries(authors.map((author) => [`${author}_session_z1`, session]));
  return sessions as unknown as Content['new'];
};

it('[RELAY-22] the groups above are noted once for all held content of their owner', () => {
  const groups = Array.from({ length: 1_000 }, (_, place) => `co_zGroup${place}`);
  let entries = 0;
  const held = createHeldContent({
    clock: createFakeClock(0),
    maxBytes: 1_000_000,
    ownerOf: () => 'co_zOwner',
    *groupsFor() {
      for (const group of groups) {
        entries++;
        yield group;
      }
    },
    decide: () => undefined,
    holds() {},
    emptied: () => {},
  });
  const strangers = Array.from({ length: maxHeldAuthors }, (_, place) => `co_zStranger${place}`);
  held.add({ action: 'content', id: 'co_zMap', priority: 3, new: contentBy(...strangers) });
  expect(entries).toBe(groups.length);
  held.close();
});

it('[RELAY-22] a change of a group above much held content looks at a limited number of groups, and the rest is judged later', () => {
  const groups = Array.from({ length: 200 }, (_, place) => `co_zGroup${place}`);
  const clock = createFakeClock(0);
  const judged: string[] = [];
  let looks = 0;
  let areMembers = false;
  const held = createHeldContent({
    clock,
    maxBytes: 1_000_000,
    ownerOf: ({ id }) => id,
    *groupsFor() {
      for (const group of groups) {
        looks++;
        yield group;
      }
    },
    decide: (content) => {
      looks += groups.length;
      judged.push(content.id);
      return areMembers ? undefined : content;
    },
    holds() {},
    emptied: () => {},
  });
  const ids = Array.from({ length: 300 }, (_, place) => `co_zMap${place}` as const);
  for (const id of ids) held.add({ action: 'content', id, priority: 3, new: contentBy('co_zStranger') });
  looks = 0;
  for (let count = 0; count < 10; count++) held.groupChanged('co_zGroup0');
  expect(looks).toBeGreaterThanOrEqual(maxLooks);
  expect(looks).toBeLessThan(maxLooks + 10 * groups.length);
  areMembers = true;
  clock.advance(20 * lookSpanMs);
  expect(judged).toEqual([...ids, ...judged.slice(ids.length)]);
  expect([ids.some((id) => held.has(id, 'co_zStranger')), clock.waiting]).toEqual([false, 0]);
});

it('[RELAY-22] no more content waits than the limit allows, even if content passed on at the end of its time changes a group', () => {
  const clock = createFakeClock(0);
  const passed = new Set<string>();
  const sessionOf = ({ new: sessions }: Content) => Object.keys(sessions)[0] ?? '';
  const held = createHeldContent({
    clock,
    maxBytes: 10_000,
    ownerOf: ({ id }) => id,
    groupsFor: (owner) => [owner],
    decide(content, isLast) {
      if (!isLast && !passed.has(sessionOf(content))) return content;
      passed.add(sessionOf(content));
      if (isLast) held.groupChanged(content.id);
      return undefined;
    },
    holds() {},
    emptied: () => {},
  });
  const add = (session: string) => {
    const [content] = Object.values(contentBy('co_zMember'));
    held.add({ action: 'content', id: 'co_zGroup', priority: 3, new: { [session]: content } } as Content);
  };
  for (let count = 0; count < 10; count++) add(`co_zMember_session_z${count}`);
  clock.advance(holdMs);
  expect([passed.size, held.has('co_zGroup', 'co_zMember'), clock.waiting]).toEqual([10, false, 0]);
  passed.clear();
  for (let count = 0; count < 30; count++) add(`co_zMember_session_z${count}`);
  expect(passed.size).toBeGreaterThan(10);
});
