import { describe, expect, it } from 'vitest';
import { createTestLadder } from '../../test/support/sync/test-ladder.ts';

describe('of several relays', () => {
  function withTwo(isComplete = true) {
    const parts = createTestLadder({ isComplete });
    parts.ladder.useRelays(['r', 'q']);
    return parts;
  }

  it('each has to confirm', () => {
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

  it('a lost connection takes back what that one said, and nothing else', () => {
    const { ladder } = withTwo();
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'q');
    ladder.connectionLost('r');
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(0);
    ladder.edited('co_z2', { s: 1 });
    ladder.confirmed('co_z2', { s: 1 }, 'q');
    ladder.connectionLost('q');
    ladder.confirmed('co_z2', { s: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
  });

  it('what one of them has lost, the others still have', () => {
    const { ladder } = withTwo();
    ladder.missing('co_z1', { s: 7 }, 'q');
    ladder.confirmed('co_z1', { s: 7 }, 'q');
    expect(ladder.pending.size).toBe(0);
    ladder.missing('co_z1', { s: 7 });
    ladder.confirmed('co_z1', { s: 7 }, 'q');
    expect(ladder.count('confirmed').pending).toBe(1);
  });

  it('one that says that it lacks something is believed, whatever was concluded of it', () => {
    const { ladder } = withTwo();
    ladder.missing('co_z1', { s: 7 }, 'q');
    ladder.missing('co_z1', { s: 7 }, 'r');
    ladder.confirmed('co_z1', { s: 7 }, 'q');
    expect(ladder.count('confirmed').pending).toBe(1);
  });

  it('nothing is concluded of the others before all is counted that an earlier run left', () => {
    const { ladder } = withTwo(false);
    ladder.missing('co_z1', { s: 7 }, 'q');
    ladder.confirmed('co_z1', { s: 7 }, 'q');
    expect(ladder.count('confirmed').pending).toBe(1);
  });

  it('one that is added has to get what waits, too', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    ladder.useRelays(['r', 'q']);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
  });
});

describe('without a relay', () => {
  it('nothing gets further than this device', () => {
    const { ladder } = createTestLadder();
    ladder.useRelays([]);
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    expect([ladder.count('saved').pending, ladder.count('confirmed').pending]).toEqual([0, 1]);
  });
});
