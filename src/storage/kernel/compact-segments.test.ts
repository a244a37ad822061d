import { expect, it } from 'vitest';
import type { RawCoID, SessionID, Signature, Transaction } from '../../engine/content.ts';
import { joinRuns } from './compact-segments.ts';
import type { Run } from './pieces.ts';

const id: RawCoID = 'co_zMap';
const run = (sessionID: string, after: number, count: number): Run => ({
  sessionID: sessionID as SessionID,
  after,
  transactions: Array.from({ length: count }, (_, n): Transaction => ({
    privacy: 'trusting',
    changes: `["${after + n}"]` as never,
    madeAt: after + n,
  })),
  signature: `signature_z${sessionID}${after + count}` as Signature,
});
const spans = (runs: readonly Run[]) =>
  joinRuns(runs.map((one) => ({ id, runs: [one] }))).flatMap((piece) =>
    piece.runs.map(({ sessionID, after, transactions, signature }) => [
      sessionID,
      after,
      after + transactions.length,
      signature,
    ]),
  );

it('joins consecutive runs of a session, up to the last signature, whatever other runs lie between them', () => {
  expect(spans([run('a', 0, 1), run('b', 0, 2), run('a', 1, 1), run('a', 2, 3)])).toEqual([
    ['a', 0, 5, 'signature_za5'],
    ['b', 0, 2, 'signature_zb2'],
  ]);
});

it('does not join overlapping runs or runs after a gap', () => {
  expect(spans([run('a', 0, 2), run('a', 0, 2), run('a', 5, 1)])).toEqual([
    ['a', 0, 2, 'signature_za2'],
    ['a', 0, 2, 'signature_za2'],
    ['a', 5, 6, 'signature_za6'],
  ]);
});

it('joins nothing with a run that overlaps, which may be another client’s', () => {
  expect(spans([run('a', 0, 2), run('a', 0, 3), run('a', 3, 1)])).toEqual([
    ['a', 0, 2, 'signature_za2'],
    ['a', 0, 3, 'signature_za3'],
    ['a', 3, 4, 'signature_za4'],
  ]);
});
