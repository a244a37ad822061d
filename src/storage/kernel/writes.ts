import type { CorrectionCallback } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import { createTimeSlices, type TimeSlices } from '../../base/time-slices.ts';
import { stores } from '../account-database.ts';
import { isDeleteSession, type KnownState, type NewContent, type RawCoID } from '../content.ts';
import { committing } from '../indexed-db.ts';
import { createWriteQueue, type WriteTries } from '../write-queue.ts';
import { askInSlices } from './request-in-slices.ts';
import type { KnownStates } from './known-states.ts';
import { joinPieces, knownStateOf, type Piece } from './pieces.ts';
import { planWrites, type ContentWrite, type WritePlan } from './plan-writes.ts';
import { segmentsOf, type Segment } from './segments.ts';

type Done = (() => void) | undefined;
type Write =
  | (ContentWrite & { readonly kind: 'content'; readonly done: Done; isWhole: boolean })
  | { readonly kind: 'mark'; readonly id: RawCoID; readonly isSet: boolean; readonly done?: Done }
  | { readonly kind: 'nothing' };

/** What waits for the database, written in order, marks and content together. */
export interface Writes {
  readonly length: number;
  /** Of content. */
  readonly contentLength: number;
  store(content: NewContent, correct: CorrectionCallback, done: Done): void;
  mark(id: RawCoID, isSet: boolean, done?: Done): void;
  /** Sees whether the database takes anything. */
  probe(): void;
  /** The connection is lost: nobody knows what is still there. */
  lost(): void;
  /** What was written before is gone, so what this tab has of it is written again. */
  writeAgain(): void;
  /** cojson has let go of it. */
  forget(id: RawCoID): void;
  /** Resolves when all that was asked for before was tried at least once. */
  tried(): Promise<void>;
  readonly tries: WriteTries;
  close(): Promise<void>;
}

/** What is known of some that wait is worked out without looking at the time. */
const plannedAtOnce = 20;

/** For one transaction: what waits longer than it takes is written by the next one. */
const mostAtOnce = 2_000;

export function createWrites(options: {
  readonly clock: Clock;
  nextTask(): Promise<void>;
  readonly known: KnownStates;
  /** Opens the database where it is not open. */
  connect(): Promise<unknown>;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>>;
  /** Whether cojson has said that a deletion is valid. */
  isDeleted(id: RawCoID): boolean;
  wrote(written: { readonly segments: number; readonly hasDeleted: boolean }): void;
  failed(error: unknown): KernelError;
}): Writes {
  const { clock, nextTask, known, connect, begin, read, isDeleted, wrote, failed } = options;
  /** What cojson gives of what this tab has stored. */
  const corrections = new Map<RawCoID, CorrectionCallback>();
  const marked = new Set<RawCoID>();
  let contentLength = 0;
  /** How often it was. */
  let lostCount = 0;

  const queue = createWriteQueue<Write>({
    clock,
    nextTask,
    atOnce: mostAtOnce,
    write,
    done(each) {
      if (each.kind === 'nothing') return;
      if (each.kind === 'content') contentLength--;
      if (each.kind === 'mark' || each.isWhole) each.done?.();
    },
    failed,
  });

  async function write(writes: readonly Write[]): Promise<void> {
    await connect();
    const before = lostCount;
    const contents = writes.filter((each) => each.kind === 'content');
    await learn(contents);
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
      askInSlices(requestsIn(transaction, { erased, writes, segments }), slices),
    );
    // The database may have been deleted right behind this, or be another one.
    if (lostCount !== before)
      throw new DOMException('The connection was lost meanwhile.', 'InvalidStateError');
    for (const state of after.values()) known.add(state);
    for (const each of contents) each.isWhole = whole.has(each);
    wrote({ segments: segments.length, hasDeleted: erased.length > 0 });
  }

  async function plan(writes: readonly ContentWrite[], slices: TimeSlices): Promise<WritePlan> {
    // As it is now: what cojson lets go of meanwhile is still to be written.
    const before = new Map(writes.map(({ content: { id } }) => [id, known.get(id)]));
    const pieces: Piece[] = [];
    const after = new Map<RawCoID, KnownState>();
    const whole = new Set<ContentWrite>();
    for (let at = 0; at < writes.length; at += plannedAtOnce) {
      if (slices.isOver()) await slices.next();
      const some = planWrites(writes.slice(at, at + plannedAtOnce), (id) => after.get(id) ?? before.get(id));
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

  /** What this tab does not know of yet, and what is to be written goes on from. */
  async function learn(writes: readonly ContentWrite[]): Promise<void> {
    const goesOn = ({ content: { header, new: sessions } }: ContentWrite) =>
      !header || Object.values(sessions).some(({ after }) => after > 0);
    const ids = new Set(writes.filter(goesOn).flatMap(({ content: { id } }) => (known.get(id) ? [] : id)));
    if (ids.size === 0) return;
    for (const [id, pieces] of await read(ids)) {
      const stored = joinPieces(id, pieces);
      if (stored) known.add(knownStateOf(stored));
    }
  }

  function store(content: NewContent, correct: CorrectionCallback, done: Done): void {
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
    writeAgain() {
      lost();
      for (const id of marked) mark(id, true);
      // With neither header nor transactions all is missing, for which cojson is asked.
      for (const [id, correct] of corrections) {
        store({ action: 'content', id, priority: 0, new: {} }, correct, undefined);
      }
    },
    forget: (id) => void corrections.delete(id),
    tried: queue.tried,
    tries: queue.tries,
    close: queue.close,
  };
}

/** Each is made as it is drawn. */
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
  for (const each of writes) {
    if (each.kind !== 'mark') continue;
    yield each.isSet ? unconfirmed.put(1, each.id) : unconfirmed.delete(each.id);
  }
  for (const segment of segments) yield transaction.objectStore(stores.segments).add(segment);
}
