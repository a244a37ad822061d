import { describe, expect, it } from 'vitest';
import type { CoValueHeader, RawCoID, SessionID, Transaction } from '../../engine/content.ts';
import { messagesOf } from './messages/stored-messages.ts';
import { joinPieces, knownStateOf, withoutFork, type Piece, type Run } from './pieces.ts';

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
/** The signature is `signature_z` and the name of the last transaction. */
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

describe('joined pieces', () => {
  it('are sorted by session, in whatever order they were written', () => {
    const pieces = [begin, piece(run(ana, 1, 'b')), piece(run(bob, 0, 'x'), run(ana, 0, 'a'))];
    expect(namesIn(pieces)).toEqual({ [ana]: ['a', 'b'], [bob]: ['x'] });
  });

  it('need a header, which may be anywhere and may repeat', () => {
    expect(joinPieces(id, [piece(run(ana, 0, 'a'))])).toBeUndefined();
    expect(namesIn([piece(run(ana, 0, 'a')), begin, begin])).toEqual({ [ana]: ['a'] });
  });

  it('contain transactions once that two tabs have written', () => {
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

  it('prefer what was written first if two tabs differ', () => {
    expect(namesIn([begin, piece(run(ana, 0, 'a')), piece(run(ana, 0, 'z'))])).toEqual({ [ana]: ['a'] });
  });

  it('end at a gap', () => {
    const stored = joinPieces(id, [begin, piece(run(ana, 0, 'a')), piece(run(ana, 2, 'c'))]);
    expect(stored && knownStateOf(stored)).toEqual({ id, header: true, sessions: { [ana]: 1 } });
  });
});

describe('messages', () => {
  it('form one message if short, with the last signature of each session', () => {
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

  it('form several messages if long, each ending at a signature, of which the first says how far they go', () => {
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

  it('contain the header even without transactions', () => {
    const stored = joinPieces(id, [begin]);
    expect(stored && messagesOf(stored)).toMatchObject([{ id, header, new: {} }]);
  });
});

it('never joins what continues other transactions than those written first', () => {
  const joined = namesIn([
    begin,
    piece(run(ana, 0, 'a', 'b')),
    piece(run(ana, 0, 'a', 'x', 'y')),
    piece(run(ana, 3, 'z')),
  ]);
  expect(joined).toEqual({ [ana]: ['a', 'b'] });
  const ahead = namesIn([
    begin,
    piece(run(ana, 0, 'a')),
    piece(run(ana, 1, 'b')),
    piece(run(ana, 0, 'a', 'x', 'y')),
  ]);
  expect(ahead).toEqual({ [ana]: ['a', 'b'] });
  const same = namesIn([
    begin,
    piece(run(ana, 0, 'a', 'b')),
    piece(run(ana, 1, 'b', 'c')),
    piece(run(ana, 2, 'x', 'd')),
  ]);
  expect(same).toEqual({ [ana]: ['a', 'b', 'c'] });
});

it('keeps the runs before a fork, and those of other sessions', () => {
  const runs = [run(ana, 0, 'a', 'b'), run(bob, 0, 'x', 'y'), run(ana, 2, 'c'), run(ana, 3, 'd')];
  const left = (from: number) => namesIn([begin, piece(...withoutFork(runs, { sessionID: ana, from }))]);
  expect(left(3)).toEqual({ [ana]: ['a', 'b', 'c'], [bob]: ['x', 'y'] });
  // No signature ends there.
  expect(left(1)).toEqual({ [bob]: ['x', 'y'] });
});
