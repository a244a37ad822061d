import type { CorrectionCallback } from 'cojson';
import type { Clock } from '../../platform/clock.ts';
import { stores } from '../account-database.ts';
import { isDeleteSession, type NewContent, type RawCoID } from '../content.ts';
import { committing } from '../indexed-db.ts';
import { createWriteQueue } from '../write-queue.ts';
import type { KnownStates } from './known-states.ts';
import { joinPieces, knownStateOf, type Piece } from './pieces.ts';
import { planWrites, type ContentWrite } from './plan-writes.ts';
import { addPieces } from './segments.ts';

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
  close(): Promise<void>;
}

/** For one transaction: what waits longer than it takes is written by the next one. */
const mostAtOnce = 2_000;

export function createWrites(options: {
  readonly clock: Clock;
  readonly known: KnownStates;
  /** Opens the database where it is not open. */
  connect(): Promise<unknown>;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>>;
  /** Whether cojson has said that a deletion is valid. */
  isDeleted(id: RawCoID): boolean;
  wrote(written: { readonly segments: number; readonly hasDeleted: boolean }): void;
  failed(error: unknown): void;
}): Writes {
  const { clock, known, connect, begin, read, isDeleted, wrote, failed } = options;
  /** What cojson gives of what this tab has stored. */
  const corrections = new Map<RawCoID, CorrectionCallback>();
  const marked = new Set<RawCoID>();
  let contentLength = 0;
  /** How often it was. */
  let lostCount = 0;

  const queue = createWriteQueue<Write>({
    clock,
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
    const { pieces, known: after, whole } = planWrites(contents, known.get);
    const erased = pieces.filter(
      ({ id, runs }) => isDeleted(id) && runs.some(({ sessionID }) => isDeleteSession(sessionID)),
    );
    const names = [
      ...(pieces.length > 0 ? [stores.segments] : []),
      ...(erased.length > 0 ? [stores.deleted] : []),
      stores.unconfirmed,
    ];
    const transaction = await begin('readwrite', names);
    const segments = await committing(transaction, () => {
      for (const { id } of erased) transaction.objectStore(stores.deleted).put(1, id);
      const unconfirmed = transaction.objectStore(stores.unconfirmed);
      for (const each of writes) {
        if (each.kind !== 'mark') continue;
        if (each.isSet) unconfirmed.put(1, each.id);
        else unconfirmed.delete(each.id);
      }
      return pieces.length > 0 ? addPieces(transaction, pieces) : 0;
    });
    // The database may have been deleted right behind this, or be another one.
    if (lostCount !== before)
      throw new DOMException('The connection was lost meanwhile.', 'InvalidStateError');
    for (const state of after.values()) known.add(state);
    for (const each of contents) each.isWhole = whole.has(each);
    wrote({ segments, hasDeleted: erased.length > 0 });
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
    close: queue.close,
  };
}
