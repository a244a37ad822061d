import { describe, expect, it, vi } from 'vitest';
import type { CoValueHeader, KnownState, NewContent, RawCoID, SessionID, Transaction } from '../content.ts';
import { planWrites, type ContentWrite } from './plan-writes.ts';

const id: RawCoID = 'co_zMap';
const session = 'co_zAna_session_z1' as SessionID;
const header = { type: 'comap', meta: null } as CoValueHeader;
const transaction: Transaction = { privacy: 'trusting', madeAt: 1, changes: '[]' as never };

function content(after: number, count: number, withHeader = false): NewContent {
  const newTransactions = Array.from({ length: count }, (_, index) => ({
    ...transaction,
    madeAt: after + index,
  }));
  const lastSignature = `signature_z${after + count}` as const;
  const sessions = count > 0 ? { [session]: { after, newTransactions, lastSignature } } : {};
  return { action: 'content', id, priority: 3, new: sessions, ...(withHeader && { header }) };
}
const write = (one: NewContent, correct: ContentWrite['correct'] = () => undefined): ContentWrite => ({
  content: one,
  correct,
});
const knows = (count: number) => (): KnownState => ({ id, header: true, sessions: { [session]: count } });
const nothing = () => undefined;
const rangesOf = ({ pieces }: ReturnType<typeof planWrites>) =>
  pieces.flatMap(({ runs }) => runs.map(({ after, transactions }) => [after, after + transactions.length]));

describe('what is written', () => {
  it('goes on from what was planned before it, with the header once', () => {
    const plan = planWrites([write(content(0, 2, true)), write(content(2, 1, true))], nothing);
    expect(rangesOf(plan)).toEqual([
      [0, 2],
      [2, 3],
    ]);
    expect(plan.pieces.map((piece) => piece.header !== undefined)).toEqual([true, false]);
    expect(plan.known.get(id)?.sessions).toEqual({ [session]: 3 });
    expect(plan.whole.size).toBe(2);
  });

  it('is nothing of what is there already, and only what is new of the rest', () => {
    const plan = planWrites([write(content(0, 2, true)), write(content(1, 3))], knows(2));
    expect(rangesOf(plan)).toEqual([[2, 4]]);
    expect(plan.pieces[0]?.runs[0]?.transactions.map(({ madeAt }) => madeAt)).toEqual([2, 3]);
    expect(plan.whole.size).toBe(2);
  });

  it('is a header alone', () => {
    const plan = planWrites([write(content(0, 0, true))], nothing);
    expect(plan.pieces).toEqual([{ id, header, runs: [] }]);
  });
});

describe('where something is missing in between', () => {
  it('cojson is asked with what is there, and what it gives is written', () => {
    const correct = vi.fn(() => [content(1, 3)]);
    const asked = write(content(3, 1), correct);
    const plan = planWrites([asked], knows(1));
    expect(correct).toHaveBeenCalledExactlyOnceWith({ id, header: true, sessions: { [session]: 1 } });
    expect(rangesOf(plan)).toEqual([[1, 4]]);
    expect(plan.whole.has(asked)).toBe(true);
  });

  it('cojson is asked once, however often the write is tried', () => {
    const correct = vi.fn(() => [content(1, 3)]);
    const asked = write(content(3, 1), correct);
    for (let tries = 0; tries < 3; tries++) {
      const plan = planWrites([asked], knows(1));
      expect(rangesOf(plan)).toEqual([[1, 4]]);
    }
    expect(correct).toHaveBeenCalledOnce();
  });

  it.each([
    ['nothing', undefined],
    ['an empty list', []],
    ['what does not go on from it either', [content(2, 2)]],
  ])('nothing is called written where it gives %s', (_, given) => {
    const asked = write(content(3, 1), () => given);
    const plan = planWrites([asked], knows(1));
    expect(plan.whole.has(asked)).toBe(false);
    expect(plan.pieces).toEqual([]);
  });

  it('a CoValue without its header is such a gap', () => {
    const asked = write(content(0, 1), () => [content(0, 1, true)]);
    const plan = planWrites([asked], nothing);
    expect(plan.pieces).toMatchObject([{ id, header, runs: [{ after: 0 }] }]);
    expect(plan.whole.has(asked)).toBe(true);
  });
});
