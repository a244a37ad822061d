import { describe, expect, it } from 'vitest';
import type { CoValueHeader, RawCoID, SessionID, Transaction } from '../content.ts';
import { joinPieces, knownStateOf, messagesOf, type Piece, type Run } from './pieces.ts';

const id: RawCoID = 'co_zMap';
const ana = 'co_zAna_session_z1' as SessionID;
const bob = 'co_zBob_session_z1' as SessionID;
const header: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: 'x',
};
const transaction = (name: string, size = 0): Transaction => ({
  privacy: 'trusting',
  madeAt: 1,
  changes: name.padEnd(size) as Transaction extends { changes: infer C } ? C : never,
});
/** `signature_z` and the name of the last transaction. */
const run = (sessionID: SessionID, after: number, ...names: readonly string[]): Run => ({
  sessionID,
  after,
  transactions: names.map((name) => transaction(name)),
  signature: `signature_z${names.at(-1)}`,
});
const piece = (...runs: readonly Run[]): Piece => ({ id, runs });
const begin: Piece = { id, header, runs: [] };

/** Names of transactions by session. */
const namesIn = (pieces: readonly Piece[]) => {
  const stored = joinPieces(id, pieces);
  if (!stored) return undefined;
  const named = [...stored.runs].map(([sessionID, runs]) => [
    sessionID,
    runs.flatMap(({ transactions }) =>
      transactions.map((one) => (one.privacy === 'trusting' ? one.changes : '')),
    ),
  ]);
  return Object.fromEntries(named) as Readonly<Record<string, readonly string[]>>;
};

describe('pieces are joined', () => {
  it('by session, whatever the order in which they were written', () => {
    const pieces = [begin, piece(run(ana, 1, 'b')), piece(run(bob, 0, 'x'), run(ana, 0, 'a'))];
    expect(namesIn(pieces)).toEqual({ [ana]: ['a', 'b'], [bob]: ['x'] });
  });

  it('to nothing without a header, which may stand anywhere and twice', () => {
    expect(joinPieces(id, [piece(run(ana, 0, 'a'))])).toBeUndefined();
    expect(namesIn([piece(run(ana, 0, 'a')), begin, begin])).toEqual({ [ana]: ['a'] });
  });

  it('once, where two tabs have written the same', () => {
    const pieces = [
      begin,
      piece(run(ana, 0, 'a', 'b')),
      piece(run(ana, 0, 'a', 'b', 'c')),
      piece(run(ana, 2, 'c')),
    ];
    expect(namesIn(pieces)).toEqual({ [ana]: ['a', 'b', 'c'] });
    const stored = joinPieces(id, pieces);
    expect(stored?.runs.get(ana)?.at(-1)).toEqual(run(ana, 2, 'c'));
  });

  it('with what was written first, where two differ', () => {
    expect(namesIn([begin, piece(run(ana, 0, 'a')), piece(run(ana, 0, 'z'))])).toEqual({ [ana]: ['a'] });
  });

  it('up to where something is missing', () => {
    const stored = joinPieces(id, [begin, piece(run(ana, 0, 'a')), piece(run(ana, 2, 'c'))]);
    expect(stored && knownStateOf(stored)).toEqual({ id, header: true, sessions: { [ana]: 1 } });
  });
});

describe('messages', () => {
  it('are one where it is short, with the last signature of each session', () => {
    const stored = joinPieces(id, [
      begin,
      piece(run(ana, 0, 'a')),
      piece(run(ana, 1, 'b'), run(bob, 0, 'x')),
    ]);
    const messages = stored ? messagesOf(stored) : [];
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({
      header,
      new: {
        [ana]: {
          after: 0,
          newTransactions: [{ changes: 'a' }, { changes: 'b' }],
          lastSignature: 'signature_zb',
        },
        [bob]: { after: 0, lastSignature: 'signature_zx' },
      },
    });
    expect(messages[0]).not.toHaveProperty('expectContentUntil');
  });

  it('are several where it is long, each up to a signature, and the first says up to where', () => {
    const long = (after: number): Run => ({
      sessionID: ana,
      after,
      transactions: [transaction(`${after}`, 80_000)],
      signature: `signature_z${after}`,
    });
    const stored = joinPieces(id, [begin, ...[0, 1, 2, 3].map((after) => piece(long(after)))]);
    const messages = stored ? messagesOf(stored) : [];
    const parts = messages.map(({ new: { [ana]: part } }) => [part?.after, part?.lastSignature]);
    expect(parts).toEqual([
      [0, 'signature_z1'],
      [2, 'signature_z3'],
    ]);
    expect(messages.map(({ expectContentUntil }) => expectContentUntil)).toEqual([{ [ana]: 4 }, undefined]);
  });

  it('have the header also where nothing was written yet', () => {
    const stored = joinPieces(id, [begin]);
    expect(stored && messagesOf(stored)).toMatchObject([{ id, header, new: {} }]);
  });
});
