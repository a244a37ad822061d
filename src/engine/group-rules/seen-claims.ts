import { addToList, emptyList } from '../reading/lists.ts';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { subjectOf, type GroupChange, type GroupTransaction } from './group-transaction.ts';

/** What the author of a change had seen. Which of them count, `revocation-heads` decides. */
export interface Claim {
  /** `heads`: of the sessions of whom it demotes. `ahead`: of the sessions that change the same at a later date. */
  readonly kind: 'heads' | 'ahead';
  /** In the list of all. */
  readonly place: number;
  readonly seen: object;
  /** Places of changes by whom it demotes, or of the same: the first `count` are before it. More can follow. */
  readonly changes: readonly number[];
  readonly count: number;
}

export interface ClaimReader {
  /** All that it has read. */
  readonly transactions: readonly GroupTransaction[];
  /** Takes the next transaction by date. Returns false if its claims, or earlier ones, may void what was taken so far. */
  read(transaction: GroupTransaction): boolean;
  /** In the order in which they apply. */
  inOrder(): readonly Claim[];
}

export function createClaimReader(initialAdmin: string): ClaimReader {
  const placesByAuthor = new Map<string, number[]>();
  const placesBySubject = new Map<string, number[]>();
  const aheadBySubject = new Map<string, Claim[]>();
  const transactions = emptyList<GroupTransaction>();
  const [byFirst, byOthers]: [Claim[], Claim[]] = [[], []];

  function claim(kind: Claim['kind'], seen: object, changes: readonly number[], count: number): Claim {
    const place = transactions.length - 1;
    const one = { kind, place, seen, changes, count };
    (transactions[place]?.author === initialAdmin ? byFirst : byOthers).push(one);
    return one;
  }

  return {
    transactions,
    read(transaction) {
      const place = transactions.push(transaction) - 1;
      const { author, change, heads, ahead } = transaction;
      const subject = subjectOf(change);
      if (subject === undefined) return true;
      const isVoid = aheadBySubject.get(subject)?.some(({ seen }) => isSeen(seen, transaction)) === true;
      let voidsNothing = true;
      if (change.kind === 'role' && change.member !== author && change.role !== 'admin' && isRecord(heads)) {
        const before = placesByAuthor.get(change.member);
        if (before) {
          claim('heads', heads, before, before.length);
          voidsNothing = before.every((other) => isSeen(heads, transactions[other]));
        }
      }
      const same = addToList(placesBySubject, subject, place);
      addToList(placesByAuthor, author, place);
      if (isRecord(ahead)) addToList(aheadBySubject, subject, claim('ahead', ahead, same, same.length));
      return voidsNothing && !isVoid;
    },
    inOrder: () => [...byFirst, ...byOthers],
  };
}

/** Whether the transaction is among the first of its session that were seen. */
export function isSeen(
  seen: object,
  transaction: Pick<GroupTransaction, 'sessionID' | 'index'> | undefined,
): boolean {
  if (!transaction || !Object.hasOwn(seen, transaction.sessionID)) return false;
  const count: unknown = Reflect.get(seen, transaction.sessionID);
  return typeof count === 'number' && transaction.index < count;
}

/** Of one member. Longer heads than these are no honest device's, and each name takes memory. */
export const mostHeads = 5_000;
export const mostAhead = 1_000;

type SeenClaims = Pick<GroupTransaction, 'heads' | 'ahead'>;
const noClaims: SeenClaims = {};

/** From the signed text: for transactions made here, cojson keeps the meta from before the layers of session maps. */
export function readSeen(metaJson: string | undefined, change: GroupChange): SeenClaims {
  // Most reveal a key and claim nothing. Parsing costs more than searching for the names.
  if (subjectOf(change) === undefined) return noClaims;
  if (!metaJson?.includes('"heads"') && !metaJson?.includes('"ahead"')) return noClaims;
  const meta = parseJson(metaJson);
  if (!isRecord(meta)) return noClaims;
  const { heads, ahead } = meta;
  const ofMember = change.kind === 'role' ? `${change.member}_session_` : undefined;
  return {
    ...(ofMember !== undefined &&
      isRecord(heads) && { heads: countsIn(heads, mostHeads, (id) => id.startsWith(ofMember)) }),
    ...(isRecord(ahead) && { ahead: countsIn(ahead, mostAhead, (id) => id.includes('_session_')) }),
  };
}

function countsIn(
  seen: Readonly<Record<string, unknown>>,
  most: number,
  isNamed: (id: string) => boolean,
): Readonly<Record<string, unknown>> {
  const counts = Object.entries(seen).filter(([id, count]) => typeof count === 'number' && isNamed(id));
  return Object.fromEntries(counts.slice(0, most));
}
