import type { CorrectionCallback } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import { createTimeSlices, type TimeSlices } from '../../base/time-slices.ts';
import { stores } from '../account-database.ts';
import { isDeleteSession, type KnownState, type Content, type RawCoID } from '../../engine/content.ts';
import { committing } from '../indexed-db.ts';
import { createWriteQueue, type WriteAttempts } from '../write-queue.ts';
import { requestInSlices } from './request-in-slices.ts';
import type { KnownStates } from './known-states.ts';
import { joinPieces, knownStateOf, type Piece } from './pieces.ts';
import { planWrites, type ContentWrite, type WritePlan } from './plan-writes.ts';
import { segmentsOf, type Segment } from './segments.ts';

type Done = (() => void) | undefined;
type Write =
  | (ContentWrite & { readonly kind: 'content'; readonly done: Done; isWhole: boolean })
  | { readonly kind: 'mark'; readonly id: RawCoID; readonly isSet: boolean; readonly done?: Done }
  | { readonly kind: 'nothing' };

/** Queued writes, in order; unconfirmed marks are written together with their content. */
export interface Writes {
  readonly length: number;
  /** Queued writes that contain content. */
  readonly contentLength: number;
  store(content: Content, correct: CorrectionCallback, done: Done): void;
  mark(id: RawCoID, isSet: boolean, done?: Done): void;
  /** Tests whether the database accepts writes. */
  probe(): void;
  /** The connection is lost, so it is unknown what is still stored. */
  lost(): void;
  /** The database was deleted: writes again everything that this tab has stored. */
  rewriteAll(): void;
  /** cojson unloaded it. */
  forget(id: RawCoID): void;
  /** Resolves after at least one attempt at everything queued so far. */
  attempted(): Promise<void>;
  readonly attempts: WriteAttempts;
  close(): Promise<void>;
}

/** How many writes are planned between two checks of the time. */
const planSize = 20;

/** Writes per transaction; the next transaction takes the rest. */
const maxBatch = 2_000;

export function createWrites(options: {
  readonly clock: Clock;
  nextTask(): Promise<void>;
  readonly known: KnownStates;
  /** Opens the database if it is closed. */
  connect(): Promise<unknown>;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>>;
  /** Whether cojson has accepted a deletion. */
  isDeleted(id: RawCoID): boolean;
  wrote(written: { readonly segments: number; readonly hasDeleted: boolean }): void;
  failed(error: unknown): KernelError;
}): Writes {
  const { clock, nextTask, known, connect, begin, read, isDeleted, wrote, failed } = options;
  /** By CoValue that this tab has stored, a callback that returns what cojson has of it. */
  const corrections = new Map<RawCoID, CorrectionCallback>();
  const marked = new Set<RawCoID>();
  let contentLength = 0;
  /** Counts lost connections. */
  let lostCount = 0;

  const queue = createWriteQueue<Write>({
    clock,
    nextTask,
    maxBatch,
    write,
    done(entry) {
      if (entry.kind === 'nothing') return;
      if (entry.kind === 'content') contentLength--;
      if (entry.kind === 'mark' || entry.isWhole) entry.done?.();
    },
    failed,
  });

  async function write(writes: readonly Write[]): Promise<void> {
    await connect();
    const before = lostCount;
    const contents = writes.filter((entry) => entry.kind === 'content');
    await readKnownStates(contents);
    const slices = createTimeSlices({ nowMs: clock.nowMs, nextTask });
    const { pieces, known: after, whole } = await plan(contents, slices);
    const segments = await pack(pieces, slices);
    const erased = pieces.filter(
      ({ id, runs }) => isDeleted(id) && runs.some(({ sessionID }) => isDeleteSession(sessionID)),
    );
    const names = [
      ...(pieces.length > 0 ? [stores.segments] : []),
      ...(erased.length > 0 ? [stores.deleted] : []),
      stores.unconfirmed,
    ];
    const transaction = await begin('readwrite', names);
    await committing(transaction, () =>
      requestInSlices(requestsIn(transaction, { erased, writes, segments }), slices),
    );
    // The database may have been deleted just after the commit, or recreated.
    if (lostCount !== before)
      throw new DOMException('The connection was lost while writing.', 'InvalidStateError');
    for (const state of after.values()) known.add(state);
    for (const content of contents) content.isWhole = whole.has(content);
    wrote({ segments: segments.length, hasDeleted: erased.length > 0 });
  }

  async function plan(writes: readonly ContentWrite[], slices: TimeSlices): Promise<WritePlan> {
    // Read now: cojson may unload a CoValue before it is written.
    const before = new Map(writes.map(({ content: { id } }) => [id, known.get(id)]));
    const pieces: Piece[] = [];
    const after = new Map<RawCoID, KnownState>();
    const whole = new Set<ContentWrite>();
    for (let at = 0; at < writes.length; at += planSize) {
      if (slices.isOver()) await slices.next();
      const some = planWrites(writes.slice(at, at + planSize), (id) => after.get(id) ?? before.get(id));
      pieces.push(...some.pieces);
      for (const [id, state] of some.known) after.set(id, state);
      for (const write of some.whole) whole.add(write);
    }
    return { pieces, known: after, whole };
  }

  async function pack(pieces: readonly Piece[], slices: TimeSlices): Promise<readonly Segment[]> {
    const segments: Segment[] = [];
    for (const segment of segmentsOf(pieces)) {
      segments.push(segment);
      if (slices.isOver()) await slices.next();
    }
    return segments;
  }

  /** Reads the stored states of the CoValues that the content continues, unless they are already known. */
  async function readKnownStates(writes: readonly ContentWrite[]): Promise<void> {
    const continues = ({ content: { header, new: sessions } }: ContentWrite) =>
      !header || Object.values(sessions).some(({ after }) => after > 0);
    const ids = new Set(writes.filter(continues).flatMap(({ content: { id } }) => (known.get(id) ? [] : id)));
    if (ids.size === 0) return;
    for (const [id, pieces] of await read(ids)) {
      const stored = joinPieces(id, pieces);
      if (stored) known.add(knownStateOf(stored));
    }
  }

  function store(content: Content, correct: CorrectionCallback, done: Done): void {
    contentLength++;
    corrections.set(content.id, correct);
    queue.push({ kind: 'content', content, correct, done, isWhole: false });
  }

  function mark(id: RawCoID, isSet: boolean, done?: Done): void {
    if (isSet) marked.add(id);
    else marked.delete(id);
    queue.push({ kind: 'mark', id, isSet, done });
  }

  function lost(): void {
    lostCount++;
    known.clear();
  }

  return {
    get length() {
      return queue.length;
    },
    get contentLength() {
      return contentLength;
    },
    store,
    mark,
    probe: () => queue.push({ kind: 'nothing' }),
    lost,
    rewriteAll() {
      lost();
      for (const id of marked) mark(id, true);
      // Empty content lacks everything, so cojson supplies the whole CoValue.
      for (const [id, correct] of corrections) {
        store({ action: 'content', id, priority: 0, new: {} }, correct, undefined);
      }
    },
    forget: (id) => void corrections.delete(id),
    attempted: queue.attempted,
    attempts: queue.attempts,
    close: queue.close,
  };
}

/** Creates each request only when the consumer asks for it. */
function* requestsIn(
  transaction: IDBTransaction,
  {
    erased,
    writes,
    segments,
  }: {
    readonly erased: readonly Piece[];
    readonly writes: readonly Write[];
    readonly segments: readonly Segment[];
  },
): Generator<IDBRequest> {
  for (const { id } of erased) yield transaction.objectStore(stores.deleted).put(1, id);
  const unconfirmed = transaction.objectStore(stores.unconfirmed);
  for (const entry of writes) {
    if (entry.kind !== 'mark') continue;
    yield entry.isSet ? unconfirmed.put(1, entry.id) : unconfirmed.delete(entry.id);
  }
  for (const segment of segments) yield transaction.objectStore(stores.segments).add(segment);
}
