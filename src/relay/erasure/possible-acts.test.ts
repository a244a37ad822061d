import { describe, expect, it } from 'vitest';
import { Powers } from './possible-acts.ts';

const role = (author: string, member: string, given: string) =>
  ({ author, change: { kind: 'role', member, role: given } }) as Parameters<Powers['take']>[0];
const parent = (author: string) => ({
  author,
  change: { kind: 'parent', parentID: 'co_zParent', role: 'extend' } as const,
});

describe('[RELAY-92] an act that may count', () => {
  it('is one of the first admin, and of those whom admins made admins', () => {
    const powers = new Powers('a');
    expect(powers.take(role('b', 'c', 'admin'))).toBe(false);
    expect(powers.take(role('a', 'b', 'admin'))).toBe(true);
    expect(powers.take(role('b', 'c', 'admin'))).toBe(true);
    expect(powers.count).toBe(3);
    expect(powers.take(role('b', 'c', 'admin'))).toBe(true);
    expect(powers.count).toBe(3);
  });

  it.each([
    ['reader', true],
    ['manager', true],
    ['revoked', true],
    ['readerInvite', true],
    ['admin', false],
    ['adminInvite', false],
    ['managerInvite', false],
  ])('of a manager gives %s: %s', (given, isPossible) => {
    const powers = new Powers('a');
    powers.take(role('a', 'm', 'manager'));
    expect(powers.take(role('m', 'x', given))).toBe(isPossible);
  });

  it('of an invite gives the role of the invite alone', () => {
    const powers = new Powers('a');
    powers.take(role('a', 'i', 'readerInvite'));
    expect(
      ['reader', 'writer', 'admin', 'revoked'].map((given) => powers.take(role('i', 'x', given))),
    ).toEqual([true, false, false, false]);
    powers.take(role('a', 'i', 'adminInvite'));
    expect(powers.take(role('i', 'x', 'admin'))).toBe(true);
    expect(powers.take(role('x', 'y', 'admin'))).toBe(true);
  });

  it('of a member is that they leave', () => {
    const powers = new Powers('a');
    powers.take(role('a', 'w', 'writer'));
    expect(powers.take(role('w', 'w', 'revoked'))).toBe(true);
    expect(powers.take(role('w', 'w', 'admin'))).toBe(false);
    expect(powers.take(role('w', 'a', 'revoked'))).toBe(false);
  });

  it('is each one once a group is above this one, which only admins and managers put there', () => {
    const powers = new Powers('a');
    powers.take(role('a', 'w', 'writer'));
    expect(powers.take(parent('w'))).toBe(false);
    expect(powers.take(role('w', 'x', 'admin'))).toBe(false);
    powers.take(role('a', 'm', 'manager'));
    expect(powers.take(parent('m'))).toBe(true);
    expect(powers.take(role('w', 'x', 'admin'))).toBe(true);
  });
});
