import type { LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import type { Overview } from '../snapshot/overview-facts.ts';
import { describeReason } from './describe-reason.ts';
import { createLostEdits } from './lost-edits.ts';
import { nextStepFor } from './next-step.ts';
import type { NotMade } from './refused-edits.ts';

const hourMs = 60 * 60 * 1000;
const reached = { known: true, pending: 0 };

function rowAt(
  node: LocalNode,
  clockOffsetMs: number | undefined,
  notMade: ReadonlyMap<string, NotMade> = new Map(),
) {
  const edit = { sessionID: node.currentSessionID, madeAt: 1, message: 'no rights' };
  const lost = createLostEdits({
    node,
    notCounted: () => [{ ...edit, index: 0, reason: 'not-a-member-then' }],
    notMade: () => notMade,
  });
  const overview: Overview = {
    ...{ status: 'confirmed', durability: 'unknown', relays: [] },
    rungs: { saved: reached, sent: reached, confirmed: reached },
    storage: { kind: 'kernel', state: 'ok' },
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
  };
  const [row] = lost.addTo([], overview, ['co_zMissing']);
  if (!row) throw new Error('there is no row');
  return row;
}

function lostAt(node: LocalNode, clockOffsetMs: number | undefined) {
  const row = rowAt(node, clockOffsetMs);
  const { code, advice } = nextStepFor(row.reason);
  return { verdict: describeReason(row.reason, 1), code, advice };
}

it('blames a clock that is days behind for an edit dated before the membership, and no other clock', async () => {
  const node = await createAccountNode();
  expect(lostAt(node, 72 * hourMs)).toEqual({
    verdict:
      'Not counted: this device’s clock is 3 days behind the relay’s, so the edit is dated before you became a member',
    code: 'correct-clock',
    advice: 'Correct the device’s date and time, then make the edit again.',
  });
  for (const offsetMs of [undefined, hourMs, -72 * hourMs]) {
    expect(lostAt(node, offsetMs)).toMatchObject({
      verdict: 'Not counted: you were not a member of the group',
      code: 'ask-for-permission',
    });
  }
});

it('shows a refused edit, which can be dismissed, before one of the same CoValue that does not count', async () => {
  const node = await createAccountNode();
  const error = { code: 'WRITE_FORBIDDEN', message: 'You may only read.' } as const;
  const refused: NotMade = { kind: 'not-made', edits: 1, atMs: 2, error };
  expect(rowAt(node, undefined, new Map([['co_zMissing', refused]])).reason).toEqual(refused);
});
