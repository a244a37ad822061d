import { segmentIDs, stores } from '../account-database.ts';
import type { RawCoID, SessionID, Signature, Transaction, CoValueHeader } from '../../engine/content.ts';
import { resultOf, unknownError } from '../indexed-db.ts';
import type { PlacedID } from '../storage-inspection.ts';
import type { Piece } from './pieces.ts';

/** Stored format. A record costs the same for one piece or fifty, and parsing text is faster than cloning objects. */
export interface Segment {
  readonly ids: readonly RawCoID[];
  /** JSON of `StoredPiece[]`. */
  readonly pieces: string;
}
type StoredPiece = readonly [
  id: RawCoID,
  header: CoValueHeader | null,
  runs: readonly (readonly [SessionID, after: number, readonly Transaction[], Signature])[],
];

const mostPieces = 50;
const mostCharacters = 64_000;

/** Below the keys of content, so that neither this version nor earlier ones merge it; they read it as an empty segment. */
const markKey = -1;

type Mark = Segment & Pick<DatabaseState, 'mark'> & Partial<DatabaseState>;

/** Equal at two times only if no tab has added content in between. */
export interface DatabaseState {
  /** Random. Distinguishes this database from the one that was here before it was deleted or emptied. */
  readonly mark: string;
  /** How many transactions have added content. */
  readonly additions: number;
}

/** Undefined until something was written. */
export async function readState(transaction: IDBTransaction): Promise<DatabaseState | undefined> {
  const store = transaction.objectStore(stores.segments);
  const found = await resultOf(store.get(markKey) as IDBRequest<Mark | undefined>);
  return found && { mark: found.mark, additions: found.additions ?? 0 };
}

/** Begins the state of a database that has none. */
export async function ensureState(transaction: IDBTransaction): Promise<DatabaseState> {
  const found = await readState(transaction);
  const mark = crypto.getRandomValues(new Uint32Array(4)).join('-');
  return found ?? putState(transaction, { mark, additions: 0 });
}

/** Belongs into each transaction that adds content to a database with a state. */
export function countAddition(transaction: IDBTransaction, before: DatabaseState): DatabaseState {
  return putState(transaction, { ...before, additions: before.additions + 1 });
}

function putState(transaction: IDBTransaction, state: DatabaseState): DatabaseState {
  transaction.objectStore(stores.segments).put({ ids: [], pieces: '[]', ...state } satisfies Mark, markKey);
  return state;
}

/** Joining small segments always yields fewer segments. */
export function isSmall({ ids, pieces }: Segment): boolean {
  return ids.length <= mostPieces / 4 && pieces.length <= mostCharacters / 4;
}

export function piecesIn(segment: Segment): readonly Piece[] {
  return (JSON.parse(segment.pieces) as readonly StoredPiece[]).map(readPiece);
}

/** Adds pieces in order, first overwriting the segments at `keys`. Returns how many segments they take. Stored on commit. */
export function addPieces(
  transaction: IDBTransaction,
  pieces: readonly Piece[],
  keys: readonly number[] = [],
): number {
  const store = transaction.objectStore(stores.segments);
  let count = 0;
  for (const segment of segmentsOf(pieces)) {
    const key = keys[count++];
    if (key === undefined) store.add(segment);
    else store.put(segment, key);
  }
  return count;
}

/** Packs pieces in order, one segment per step. */
export function* segmentsOf(pieces: readonly Piece[]): Generator<Segment> {
  let ids = new Set<RawCoID>();
  let texts: string[] = [];
  let characters = 0;
  const cut = (): Segment => {
    const segment = { ids: [...ids], pieces: `[${texts.join(',')}]` };
    ids = new Set();
    texts = [];
    characters = 0;
    return segment;
  };

  for (const piece of pieces) {
    const text = JSON.stringify(storedPiece(piece));
    ids.add(piece.id);
    texts.push(text);
    characters += text.length;
    if (texts.length === mostPieces || characters > mostCharacters) yield cut();
  }
  if (texts.length > 0) yield cut();
}

/** Everything stored of these CoValues, each in the order in which it was written. */
export async function readPieces(
  transaction: IDBTransaction,
  ids: ReadonlySet<RawCoID>,
): Promise<ReadonlyMap<RawCoID, readonly Piece[]>> {
  const found = new Map<RawCoID, Piece[]>();
  for await (const segment of readSegments(transaction.objectStore(stores.segments), ids)) {
    for (const stored of JSON.parse(segment.pieces) as readonly StoredPiece[]) {
      const [id] = stored;
      if (!ids.has(id)) continue;
      const pieces = found.get(id);
      if (pieces) pieces.push(readPiece(stored));
      else found.set(id, [readPiece(stored)]);
    }
  }
  return found;
}

/** The pieces of one CoValue in one segment. */
export async function readPiecesIn(
  transaction: IDBTransaction,
  key: IDBValidKey,
  id: RawCoID,
): Promise<readonly Piece[]> {
  const request = transaction.objectStore(stores.segments).get(key) as IDBRequest<Segment | undefined>;
  const segment = await resultOf(request);
  const pieces = segment ? (JSON.parse(segment.pieces) as readonly StoredPiece[]) : [];
  return pieces.filter(([of]) => of === id).map(readPiece);
}

/** If both limits are exceeded, reading the whole database is faster than looking up single IDs. */
const maxLookups = 50;
const maxLookupShare = 1 / 4;
/** Each batch arrives in its own task, which also parses it. */
const batchSize = 8;

async function* readSegments(store: IDBObjectStore, ids: ReadonlySet<RawCoID>): AsyncGenerator<Segment> {
  const index = store.index(segmentIDs);
  if (ids.size > maxLookups && ids.size > (await resultOf(index.count())) * maxLookupShare) {
    yield* allSegments(store);
    return;
  }
  const keys = await resultsOf([...ids].map((id) => index.getAllKeys(id)));
  // Keys are increasing numbers.
  const inOrder = [...new Set(keys.flat() as number[])].toSorted((a, b) => a - b);
  const segments = inOrder.map((key) => resultOf(store.get(key) as IDBRequest<Segment>));
  for (const segment of segments) yield await segment;
}

/** Of requests of one transaction, which are answered in order: only the last is waited for. */
async function resultsOf<T>(requests: readonly IDBRequest<T>[]): Promise<readonly T[]> {
  const last = requests.at(-1);
  // If another one fails, the last is only aborted.
  if (last)
    await resultOf(last).catch((error: unknown) => {
      throw last.transaction?.error ?? error;
    });
  return requests.map(({ result }) => result);
}

async function* allSegments(store: IDBObjectStore): AsyncGenerator<Segment> {
  let range: IDBKeyRange | undefined;
  for (;;) {
    const [keys, segments] = await Promise.all([
      resultOf(store.getAllKeys(range, batchSize)),
      resultOf(store.getAll(range, batchSize) as IDBRequest<Segment[]>),
    ]);
    yield* segments;
    const last = keys.at(-1);
    if (last === undefined || keys.length < batchSize) return;
    range = IDBKeyRange.lowerBound(last, true);
  }
}

/** Removes a CoValue from all segments and returns its pieces. */
export async function takePieces(transaction: IDBTransaction, id: RawCoID): Promise<readonly Piece[]> {
  const store = transaction.objectStore(stores.segments);
  const taken: Piece[] = [];
  for (const key of await resultOf(store.index(segmentIDs).getAllKeys(id))) {
    const segment = await resultOf(store.get(key) as IDBRequest<Segment>);
    const pieces = JSON.parse(segment.pieces) as readonly StoredPiece[];
    taken.push(...pieces.filter(([of]) => of === id).map(readPiece));
    const others = pieces.filter(([of]) => of !== id);
    const rest = { ids: segment.ids.filter((other) => other !== id), pieces: JSON.stringify(others) };
    if (others.length > 0) store.put(rest satisfies Segment, key);
    else store.delete(key);
  }
  return taken;
}

/** IDs in key order, each with the first segment that contains it. `after` and `offset` skip the beginning. */
export async function readIDs(
  transaction: IDBTransaction,
  { after, offset = 0, limit = Infinity }: { after?: RawCoID | undefined; offset?: number; limit?: number },
): Promise<readonly PlacedID[]> {
  const index = transaction.objectStore(stores.segments).index(segmentIDs);
  const ids: PlacedID[] = [];
  const range = after === undefined ? null : IDBKeyRange.lowerBound(after, true);
  const request = index.openKeyCursor(range, 'nextunique');
  let skipped = 0;
  return new Promise((resolve, reject) => {
    request.addEventListener('error', () => reject(request.error ?? unknownError()));
    request.addEventListener('success', () => {
      const cursor = request.result;
      if (!cursor || ids.length >= limit) return resolve(ids);
      if (skipped < offset) skipped++;
      else ids.push({ id: cursor.key as RawCoID, place: cursor.primaryKey as number });
      cursor.continue();
    });
  });
}

function storedPiece({ id, header, runs }: Piece): StoredPiece {
  return [
    id,
    header ?? null,
    runs.map(({ sessionID, after, transactions, signature }) => [sessionID, after, transactions, signature]),
  ];
}

function readPiece([id, header, runs]: StoredPiece): Piece {
  return {
    id,
    ...(header && { header }),
    runs: runs.map(([sessionID, after, transactions, signature]) => ({
      sessionID,
      after,
      transactions,
      signature,
    })),
  };
}
