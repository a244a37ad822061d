import { describe, expect, it, vi } from 'vitest';
import type {
  CoValueHeader,
  KnownState,
  Content,
  RawCoID,
  SessionID,
  Transaction,
} from '../../engine/content.ts';
import { planWrites, type ContentWrite } from './plan-writes.ts';

const id: RawCoID = 'co_zMap';
const session = 'co_zAna_session_z1' as SessionID;
const header = { type: 'comap', meta: null } as CoValueHeader;
const transaction: Transaction = { privacy: 'trusting', madeAt: 1, changes: '[]' as never };

function content(after: number, count: number, withHeader = false): Content {
  const newTransactions = Array.from({ length: count }, (_, index) => ({
    ...transaction,
    madeAt: after + index,
  }));
  const lastSignature = `signature_z${after + count}` as const;
  const sessions = count > 0 ? { [session]: { after, newTransactions, lastSignature } } : {};
  return { action: 'content', id, priority: 3, new: sessions, ...(withHeader && { header }) };
}
const write = (one: Content, correct: ContentWrite['correct'] = () => undefined): ContentWrite => ({
  content: one,
  correct,
});
const knows = (count: number) => (): KnownState => ({ id, header: true, sessions: { [session]: count } });
const nothing = () => undefined;
const noForks = () => false;
const rangesOf = ({ pieces }: ReturnType<typeof planWrites>) =>
  pieces.flatMap(({ runs }) => runs.map(({ after, transactions }) => [after, after + transactions.length]));

describe('a write plan', () => {
  it('continues what was planned before, with the header once', () => {
    const plan = planWrites([write(content(0, 2, true)), write(content(2, 1, true))], nothing, noForks);
    expect(rangesOf(plan)).toEqual([
      [0, 2],
      [2, 3],
    ]);
    expect(plan.pieces.map((piece) => piece.header !== undefined)).toEqual([true, false]);
    expect(plan.known.get(id)?.sessions).toEqual({ [session]: 3 });
    expect(plan.whole.size).toBe(2);
  });

  it('leaves out what is stored, and keeps only new transactions', () => {
    const plan = planWrites([write(content(0, 2, true)), write(content(1, 3))], knows(2), noForks);
    expect(rangesOf(plan)).toEqual([[2, 4]]);
    expect(plan.pieces[0]?.runs[0]?.transactions.map(({ madeAt }) => madeAt)).toEqual([2, 3]);
    expect(plan.whole.size).toBe(2);
  });

  it('may consist of a header', () => {
    const plan = planWrites([write(content(0, 0, true))], nothing, noForks);
    expect(plan.pieces).toEqual([{ id, header, runs: [] }]);
  });
});

it('leaves out a session of which the disk has other transactions, also if cojson fills a gap with it', () => {
  const isFork = () => true;
  const direct = write(content(1, 2));
  const corrected = write(content(3, 1), () => [content(1, 3)]);
  const plan = planWrites([direct, corrected], knows(1), isFork);
  expect(rangesOf(plan)).toEqual([]);
  expect(plan.whole).toEqual(new Set([direct, corrected]));
});

describe('a gap', () => {
  it('is filled with what cojson returns for the stored state', () => {
    const correct = vi.fn(() => [content(1, 3)]);
    const asked = write(content(3, 1), correct);
    const plan = planWrites([asked], knows(1), noForks);
    expect(correct).toHaveBeenCalledExactlyOnceWith({ id, header: true, sessions: { [session]: 1 } });
    expect(rangesOf(plan)).toEqual([[1, 4]]);
    expect(plan.whole.has(asked)).toBe(true);
  });

  it('is filled from the beginning if the database was emptied before a retry', () => {
    const asked = write(content(3, 1), ({ header }) => [header ? content(1, 3) : content(0, 4, true)]);
    expect(rangesOf(planWrites([asked], knows(1), noForks))).toEqual([[1, 4]]);
    const again = planWrites([asked], nothing, noForks);
    expect(rangesOf(again)).toEqual([[0, 4]]);
    expect(again.whole.has(asked)).toBe(true);
  });

  it('is all of a CoValue if its content is empty, even if another tab has stored the beginning', () => {
    const plan = planWrites([write(content(0, 0), () => [content(1, 3)])], knows(1), noForks);
    expect(rangesOf(plan)).toEqual([[1, 4]]);
  });

  it.each([
    ['nothing', undefined],
    ['an empty list', []],
    ['content after another gap', [content(2, 2)]],
  ])('leaves the write incomplete if cojson returns %s', (_, given) => {
    const asked = write(content(3, 1), () => given);
    const plan = planWrites([asked], knows(1), noForks);
    expect(plan.whole.has(asked)).toBe(false);
    expect(plan.pieces).toEqual([]);
  });

  it('can be a missing header', () => {
    const asked = write(content(0, 1), () => [content(0, 1, true)]);
    const plan = planWrites([asked], nothing, noForks);
    expect(plan.pieces).toMatchObject([{ id, header, runs: [{ after: 0 }] }]);
    expect(plan.whole.has(asked)).toBe(true);
  });
});
