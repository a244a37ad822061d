import { describe, expect, it } from 'vitest';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';

describe('of several relays', () => {
  function withTwo() {
    const parts = createTestLadder();
    parts.ladder.useRelays(['r', 'q']);
    return parts;
  }

  it('[CONF-4] each of them must confirm', () => {
    const { ladder, marks } = withTwo();
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    ladder.sent('co_z1', { s: 1 }, 'r');
    ladder.confirmed('co_z1', { s: 1 }, 'q');
    expect([ladder.count('sent').pending, ladder.count('confirmed').pending]).toEqual([0, 1]);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
    expect(marks).toEqual(['+co_z1', 'co_z1@q', 'co_z1@r', '-co_z1']);
  });

  it('relays that are never connected at the same time confirm an edit one after the other', () => {
    const { ladder } = withTwo();
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'q');
    ladder.connectionLost('q');
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(0);
  });

  it('a relay that has lost data discards only what it reported itself', () => {
    const { ladder } = withTwo();
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'q');
    ladder.relayLost('r');
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(0);
    ladder.edited('co_z2', { s: 1 });
    ladder.confirmed('co_z2', { s: 1 }, 'q');
    ladder.relayLost('q');
    ladder.confirmed('co_z2', { s: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
  });

  it('what one of them has lost, the others have to confirm, or the ledger says that they did', () => {
    const { ladder } = withTwo();
    ladder.missing('co_z1', { s: 7 }, 'q');
    ladder.confirmed('co_z1', { s: 7 }, 'q');
    expect(ladder.count('confirmed').pending).toBe(1);
    ladder.confirmed('co_z1', { s: 7 }, 'r', true);
    expect(ladder.pending.size).toBe(0);
  });

  it('a ledger that was read before this tab found what a relay lacks does not settle that', () => {
    const { ladder } = withTwo();
    // It has the debt to one of them only, and the other one would need nothing.
    const read = {
      ...{ sinceMs: 0, need: { s: 7 }, generations: new Map<string, number>() },
      confirmed: new Map([
        ['q', {}],
        ['r', { s: 7 }],
      ]),
    };
    ladder.missing('co_z1', { s: 7 }, 'q');
    ladder.missing('co_z1', { s: 7 }, 'r');
    ladder.recounted('co_z1', read);
    ladder.confirmed('co_z1', { s: 7 }, 'q');
    expect(ladder.count('confirmed').pending).toBe(1);
    ladder.missing('co_z2', { s: 7 }, 'q');
    ladder.recounted('co_z2', read);
    ladder.confirmed('co_z2', { s: 7 }, 'q');
    expect([...ladder.pending.keys()]).toEqual(['co_z1']);
  });

  it('another tab’s debt does not settle what a relay lacks of an edit that is owed to all', () => {
    const { ladder } = withTwo();
    ladder.edited('co_z1', { s: 7 });
    ladder.saved('co_z1', { s: 7 });
    ladder.confirmed('co_z1', { s: 7 }, 'r');
    ladder.missing('co_z1', { s: 7 }, 'r');
    // The ledger's confirmation is older.
    const confirmed = new Map([['r', { s: 7 }]]);
    const read = { sinceMs: 0, generations: new Map<string, number>(), confirmed };
    ladder.recalled('co_z1', { ...read, need: { t: 3 } }, true);
    ladder.recounted('co_z1', { ...read, need: { s: 7, t: 3 } });
    ladder.confirmed('co_z1', { s: 7, t: 3 }, 'q');
    ladder.confirmed('co_z1', { t: 3 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
  });

  it('a relay’s report that it lacks something overrides earlier conclusions', () => {
    const { ladder } = withTwo();
    ladder.missing('co_z1', { s: 7 }, 'q');
    ladder.missing('co_z1', { s: 7 }, 'r');
    ladder.confirmed('co_z1', { s: 7 }, 'q');
    expect(ladder.count('confirmed').pending).toBe(1);
  });

  it('what two of them have lost is owed to each, and once', () => {
    const owed: string[] = [];
    const { ladder } = createTestLadder({
      onOwed: (id, need, relayID) => owed.push(`${id} ${need.s}@${relayID}`),
    });
    ladder.useRelays(['r', 'q']);
    for (const relayID of ['r', 'q', 'r', 'q']) {
      // Whatever was concluded about it ends with its data.
      ladder.relayLost(relayID);
      ladder.missing('co_z1', { s: 7 }, relayID);
    }
    expect(owed).toEqual(['co_z1 7@r', 'co_z1 7@q']);
  });

  it('a relay that is added must receive what waits, too', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    ladder.useRelays(['r', 'q']);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
  });
});

describe('without a relay', () => {
  it('no edit gets further than this device', () => {
    const { ladder } = createTestLadder();
    ladder.useRelays([]);
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    expect([ladder.count('saved').pending, ladder.count('confirmed').pending]).toEqual([0, 1]);
  });
});
