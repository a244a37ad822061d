import type { Dice } from './random.ts';

/**
 * Sessions of accounts that do not exist, which a hostile relay could add to a frame for the CoValues that it is about.
 * Undefined if it adds nothing.
 */
export function sessionsOfNobody(dice: Dice, frame: string): string | undefined {
  const ids = frame
    .split('\n')
    .flatMap((line) => /"id":"(co_z\w+)"/.exec(line)?.[1] ?? [])
    .filter(() => dice.chance(20));
  if (ids.length === 0) return undefined;
  return ids.map((id) => JSON.stringify(contentOf(id, `co_zNobody${dice.between(1, 1_000)}`))).join('\n');
}

function contentOf(id: string, author: string): object {
  const transaction = { privacy: 'trusting', madeAt: 1, changes: '[]' };
  const session = {
    after: 0,
    lastSignature: `signature_z${'1'.repeat(64)}`,
    newTransactions: [transaction],
  };
  return { action: 'content', id, priority: 3, new: { [`${author}_session_z1`]: session } };
}
