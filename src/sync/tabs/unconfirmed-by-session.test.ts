import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import type { Unconfirmed } from '../inspection.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { createUnconfirmedBySession } from './unconfirmed-by-session.ts';

const node = await createAccountNode();
const ownID = node.currentSessionID;
const account = ownID.slice(0, ownID.indexOf('_session_'));
const agent = node.crypto.getAgentID(node.agentSecret);
const [spare, other] = ['zSpare', 'zYours'].map((name) => `${account}_session_${name}`) as [string, string];

let clock: FakeClock;
let ladder: Ladder;
let read: () => ReadonlyMap<string, Unconfirmed>;

beforeEach(() => {
  ({ clock, ladder } = createTestLadder({ clock: createFakeClock(1_000) }));
  read = createUnconfirmedBySession(node, [ownID, spare], ladder);
});

const counts = () => Object.fromEntries([...read()].map(([id, { coValues }]) => [id, coValues]));

describe('what is unconfirmed', () => {
  it('is counted for the session that wrote it, until each relay has it', () => {
    ladder.edited('co_z1', { header: 1, [ownID]: 1 });
    clock.advance(5_000);
    ladder.edited('co_z2', { [ownID]: 4 });
    ladder.savedElsewhere('co_z2', { [other]: 2 });
    expect(read()).toEqual(
      new Map([
        [ownID, { coValues: 2, oldestSinceMs: 1_000, ids: ['co_z1', 'co_z2'] }],
        [other, { coValues: 1, oldestSinceMs: 6_000, ids: ['co_z2'] }],
      ]),
    );
    ladder.confirmed('co_z2', { [other]: 2 }, 'r');
    expect(counts()).toEqual({ [ownID]: 2 });
    ladder.useRelays(['r', 'second']);
    expect(counts()).toEqual({ [ownID]: 2, [other]: 1 });
  });

  it('also belongs to this tab under its spare session and its agent, once for each CoValue', () => {
    const underAgent = ownID.replace(account, agent);
    ladder.edited('co_z1', { [ownID]: 1, [spare]: 1, [underAgent]: 1 });
    expect(counts()).toEqual({ [ownID]: 1 });
  });

  it('leaves out what other accounts have written', () => {
    ladder.edited('co_z1', { co_zElse_session_zYours: 1 });
    expect(counts()).toEqual({});
  });

  it('belongs to this tab if only a header or a deletion waits that this tab is responsible for', () => {
    ladder.edited('co_z1', { header: 1 });
    ladder.edited('co_z2', { [`${account}_session_dX$`]: 1 });
    ladder.savedElsewhere('co_z3', { header: 1 });
    expect(counts()).toEqual({ [ownID]: 2 });
    ladder.edited('co_z3', { header: 1 });
    expect(counts()).toEqual({ [ownID]: 3 });
  });

  it('names a bounded number of CoValues, and counts all', () => {
    for (let n = 0; n < 50; n++) ladder.edited(`co_z${n}`, { [ownID]: 1 });
    const { coValues, ids } = read().get(ownID) ?? {};
    expect([coValues, ids?.length]).toEqual([50, 20]);
  });
});
