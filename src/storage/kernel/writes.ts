import type { CoValueCore, CorrectionCallback } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import { createTimeSlices, type TimeSlices } from '../../base/time-slices.ts';
import { stores } from '../account-database.ts';
import { isDeleteSession, type KnownState, type Content, type RawCoID } from '../../engine/content.ts';
import { committing } from '../indexed-db.ts';
import { addFacts, beginLedger, ledgerStores, recordRelays } from '../ledger/ledger-store.ts';
import { joinDebts, type Debt, type LedgerFacts } from '../ledger.ts';
import { createWriteQueue, type WriteAttempts } from '../write-queue.ts';
import { requestInSlices } from './request-in-slices.ts';
import type { KnownStates } from './known-states.ts';
import { joinAll, type Piece } from './pieces.ts';
import { planWrites, type ContentWrite, type WritePlan } from './plan-writes.ts';
import { countAddition, ensureState, segmentsOf, type Segment } from './segments.ts';

type Done = (() => void) | undefined;
type Write =
  | (ContentWrite & { readonly kind: 'content'; readonly done: Done; isWhole: boolean })
  | { readonly kind: 'facts'; readonly facts: Partial<LedgerFacts> }
  | { readonly kind: 'relays'; readonly relayIDs: readonly string[]; readonly isEmptied: boolean }
  | { readonly kind: 'nothing'; readonly done?: Done };

/** Queued writes, in order. What is queued in one turn is written in one transaction. */
export interface Writes {
  readonly length: number;
  /** CoValues of which content is queued. */
  readonly contentLength: number;
  store(content: Content, correct: CorrectionCallback, done: Done): void;
  /** Facts for the ledger. */
  add(facts: Partial<LedgerFacts>): void;
  useRelays(relayIDs: readonly string[]): void;
  /** Nothing is owed of it any more. */
  settled(id: string): void;
  /** Resolves once everything queued so far is on disk. */
  written(): Promise<void>;
  /** Tests whether the database accepts writes. */
  probe(): void;
  /** The connection is lost, so it is unknown what is still stored. */
  lost(): void;
  /** Whether this tab knows the mark of the database that it uses. */
  readonly isMarked: boolean;
  /** Whether this is the mark of the only database that this tab has used. */
  isOnly(mark: string | undefined): boolean;
  /** This tab reads a database with this mark. */
  found(mark: string | undefined): void;
  /** Resolves after at least one attempt at everything queued so far. */
  attempted(): Promise<void>;
  /** The same for content, if some is queued of these CoValues, or of any. */
  contentAttempted(ids?: Pick<ReadonlySet<RawCoID>, 'keys'>): Promise<void>;
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
  /** Whether a read of it has failed, so that it may be stored. */
  isUnread(id: RawCoID): boolean;
  /** Everything that the node has in memory. */
  inMemory(): Iterable<Pick<CoValueCore, 'id' | 'newContentSince'>>;
  /** Whether cojson has accepted a deletion. */
  isDeleted(id: RawCoID): boolean;
  wrote(written: {
    readonly segments: number;
    readonly hasDeleted: boolean;
    /** In the ledger. */
    readonly facts: number;
  }): void;
  failed(error: unknown): KernelError;
}): Writes {
  const { clock, nextTask, known, connect, begin, read, isUnread, inMemory, isDeleted, wrote, failed } =
    options;
  /** What this tab has added to the ledger and not settled, to be added again if the database is deleted. */
  const owed = new Map<string, readonly Debt[]>();
  let relayIDs: readonly string[] = [];
  /** How many queued writes contain content of each CoValue. */
  const queued = new Map<RawCoID, number>();
  /** Counts lost connections. */
  let lostCount = 0;
  /** Of the database that has, or is about to get, everything in memory. */
  let mark: string | undefined;
  let hasChanged = false;

  const queue = createWriteQueue<Write>({
    clock,
    nextTask,
    maxBatch,
    write,
    done(entry) {
      if (entry.kind === 'content') count(entry.content.id, -1);
      if (entry.kind === 'nothing' || (entry.kind === 'content' && entry.isWhole)) entry.done?.();
    },
    failed,
  });

  async function write(writes: readonly Write[]): Promise<void> {
    await connect();
    const before = lostCount;
    const contents = writes.filter((entry) => entry.kind === 'content');
    await readKnownStates(contents);
    const slices = createTimeSlices({ nowMs: clock.elapsedMs, nextTask });
    const { pieces, known: after, whole } = await plan(contents, slices);
    const segments = await pack(pieces, slices);
    const erased = pieces.filter(
      ({ id, runs }) => isDeleted(id) && runs.some(({ sessionID }) => isDeleteSession(sessionID)),
    );
    const hasFacts = writes.some(({ kind }) => kind === 'facts' || kind === 'relays');
    // Facts alone need no check: what they speak of is written again with the next content.
    const isChecked = pieces.length > 0 || writes.some(({ kind }) => kind === 'nothing');
    const names = [
      ...(isChecked ? [stores.segments] : []),
      ...(erased.length > 0 ? [stores.deleted] : []),
      ...(hasFacts || pieces.length === 0 || mark === undefined ? ledgerStores : []),
    ];
    const facts = factsOf(writes);
    const transaction = await begin('readwrite', names);
    const addAll = async (): Promise<number> => {
      if (mark === undefined) await beginLedger(transaction);
      for (const entry of writes) {
        if (entry.kind === 'relays')
          await recordRelays(transaction, entry.relayIDs, clock.nowMs(), entry.isEmptied);
      }
      const factCount = await addFacts(transaction, facts);
      await requestInSlices(requestsIn(transaction, { erased, segments }), slices);
      return factCount;
    };
    const counted = async () => {
      const its = await ensureState(transaction);
      return { before: its, after: pieces.length > 0 ? countAddition(transaction, its) : its };
    };
    const [factCount, state] = await committing(transaction, async () => {
      // At the same time, so that no save waits for the state.
      const added = await Promise.all([addAll(), isChecked ? counted() : undefined]);
      if (mark !== undefined && added[1] && added[1].after.mark !== mark) {
        rewriteAll();
        throw new DOMException('The database was deleted or emptied.', 'InvalidStateError');
      }
      return added;
    });
    mark ??= state?.after.mark;
    // The database may have been deleted just after the commit, or recreated.
    if (lostCount !== before)
      throw new DOMException('The connection was lost while writing.', 'InvalidStateError');
    if (state) known.wrote(state);
    for (const state of after.values()) known.add(state);
    for (const content of contents) content.isWhole = whole.has(content);
    wrote({ segments: segments.length, hasDeleted: erased.length > 0, facts: factCount });
  }

  async function plan(writes: readonly ContentWrite[], slices: TimeSlices): Promise<WritePlan> {
    // Read now: cojson may unload a CoValue before it is written.
    const before = new Map(writes.map(({ content: { id } }) => [id, known.get(id)]));
    const pieces: Piece[] = [];
    const after = new Map<RawCoID, KnownState>();
    const whole = new Set<ContentWrite>();
    for (let at = 0; at < writes.length; at += planSize) {
      if (slices.isOver()) await slices.next();
      const some = planWrites(
        writes.slice(at, at + planSize),
        (id) => after.get(id) ?? before.get(id),
        known.isFork,
      );
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

  /** Reads the stored states of the CoValues that the content continues, unless they are known and compared. */
  async function readKnownStates(writes: readonly ContentWrite[]): Promise<void> {
    const continues = ({ content: { id, header, new: sessions } }: ContentWrite) =>
      !header || isUnread(id) || Object.values(sessions).some(({ after }) => after > 0);
    const isToBeRead = (write: ContentWrite) =>
      known.get(write.content.id) ? known.mustCompare(write.content.id) : continues(write);
    const ids = new Set(writes.filter(isToBeRead).map(({ content: { id } }) => id));
    if (ids.size === 0) return;
    for (const stored of joinAll(await read(ids))) known.read(stored);
  }

  function store(content: Content, correct: CorrectionCallback, done: Done): void {
    count(content.id, 1);
    queue.push({ kind: 'content', content, correct, done, isWhole: false });
  }

  function count(id: RawCoID, more: 1 | -1): void {
    const left = (queued.get(id) ?? 0) + more;
    if (left > 0) queued.set(id, left);
    else queued.delete(id);
  }

  function add(facts: Partial<LedgerFacts>): void {
    for (const debt of facts.debts ?? []) owed.set(debt.id, joinDebts([...(owed.get(debt.id) ?? []), debt]));
    queue.push({ kind: 'facts', facts });
  }

  function useRelays(ids: readonly string[]): void {
    relayIDs = ids;
    queue.push({ kind: 'relays', relayIDs, isEmptied: false });
  }

  function lost(): void {
    lostCount++;
    known.clear();
  }

  /** The database is another one than before: writes everything that the node has in memory there, too. */
  function rewriteAll(): void {
    lost();
    mark = undefined;
    hasChanged = true;
    queue.push({ kind: 'relays', relayIDs, isEmptied: true });
    add({ debts: [...owed.values()].flat() });
    // Empty content, for which cojson supplies whatever is not stored.
    for (const core of inMemory()) {
      const correct: CorrectionCallback = (stored) => core.newContentSince(stored);
      store({ action: 'content', id: core.id, priority: 0, new: {} }, correct, undefined);
    }
  }

  return {
    get length() {
      return queue.length;
    },
    get contentLength() {
      return queued.size;
    },
    store,
    add,
    useRelays,
    settled: (id) => void owed.delete(id),
    written: () => new Promise((done) => queue.push({ kind: 'nothing', done })),
    probe: () => queue.push({ kind: 'nothing' }),
    lost,
    get isMarked() {
      return mark !== undefined;
    },
    isOnly: (its) => !hasChanged && mark !== undefined && its === mark,
    found: (its) => void (mark ??= its),
    attempted: queue.attempted,
    async contentAttempted(ids = queued) {
      for (const id of ids.keys()) if (queued.has(id)) return queue.attempted();
    },
    attempts: queue.attempts,
    close: queue.close,
  };
}

function factsOf(writes: readonly Write[]): LedgerFacts {
  const all = writes.flatMap((entry) => (entry.kind === 'facts' ? entry.facts : []));
  return {
    debts: all.flatMap(({ debts = [] }) => debts),
    confirmations: all.flatMap(({ confirmations = [] }) => confirmations),
    releases: all.flatMap(({ releases = [] }) => releases),
  };
}

/** Creates each request only when the consumer asks for it. */
function* requestsIn(
  transaction: IDBTransaction,
  { erased, segments }: { readonly erased: readonly Piece[]; readonly segments: readonly Segment[] },
): Generator<IDBRequest> {
  for (const { id } of erased) yield transaction.objectStore(stores.deleted).put(1, id);
  for (const segment of segments) yield transaction.objectStore(stores.segments).add(segment);
}
