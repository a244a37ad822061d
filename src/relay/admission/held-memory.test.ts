import { expect, it } from 'vitest';
import type { Content } from '../../engine/content.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createHeldContent, maxHeldAuthors } from './held-content.ts';

const transaction = { privacy: 'trusting', madeAt: 1, changes: '[]' } as const;

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
    emptied: () => {},
  });
  const sessions = Array.from({ length: maxHeldAuthors }, (_, place) => [
    `co_zStranger${place}_session_z1`,
    { after: 0, newTransactions: [transaction], lastSignature: 'signature_z1' },
  ]);
  held.add({
    action: 'content',
    id: 'co_zMap',
    priority: 3,
    new: Object.fromEntries(sessions) as Content['new'],
  });
  expect(entries).toBe(groups.length);
  held.close();
});
