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
  { id = 'co_zMissing', notMade = new Map<string, NotMade>() } = {},
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
  const [row] = lost.addTo([], overview, [id]);
  if (!row) throw new Error('there is no row');
  return row;
}

function lostAt(node: LocalNode, clockOffsetMs: number | undefined, id?: string) {
  const row = rowAt(node, clockOffsetMs, id === undefined ? {} : { id });
  const { code, advice } = nextStepFor(row.reason);
  return { verdict: describeReason(row.reason, 1), code, advice };
}

it('blames a clock for an edit dated before the membership only if it is days behind', async () => {
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

it('does not advise to ask for a role that the account has been given since', async () => {
  const node = await createAccountNode();
  const group = node.createGroup();
  const { id } = group;
  const { code, advice } = lostAt(node, undefined, id);
  expect(code).toBe('create-again');
  expect(advice).toMatch(/^Make the edit again: your role is admin now\./);
  expect(lostAt(node, 72 * hourMs, id).code).toBe('correct-clock');
  group.removeMember(node.expectCurrentAccount('test'));
  expect(lostAt(node, undefined, id).code).toBe('ask-for-permission');
});

it('shows a refused edit, which can be dismissed, before one of the same CoValue that does not count', async () => {
  const node = await createAccountNode();
  const error = { code: 'WRITE_FORBIDDEN', message: 'You may only read.' } as const;
  const refused: NotMade = { kind: 'not-made', edits: 1, atMs: 2, error };
  expect(rowAt(node, undefined, { notMade: new Map([['co_zMissing', refused]]) }).reason).toEqual(refused);
});
