import type { LocalNode, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { isEqual } from '../../base/equal.ts';
import { retry } from '../../base/retry.ts';
import {
  confirmedIn,
  isAnotherStorage,
  joinConfirmed,
  type ConfirmedEdit,
  type ReachedStorage,
  type RelayMemory,
  type RememberedRelay,
} from '../../storage/remembered-relay.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import { createDeviceStates } from '../delivery/device-states.ts';
import { createLossQuestions, type LossAnswer } from './loss-questions.ts';
import { createPatience } from './patience.ts';

/** Detects a relay that lost data. A restored backup may keep its epoch, so every connection queries recent edits. */
export interface LossWatch {
  /** How often the relay is known to have lost data. */
  readonly generation: number;
  /** Whether this device's record of the relay was read. */
  readonly isRead: boolean;
  /** False until `isRead`, and while everything on this device has yet to be compared with the relay. */
  readonly isCompared: boolean;
  /** False until `isCompared`, and until this connection's relay has shown that it still has its earlier data. */
  readonly isSure: boolean;
  /** Whether the relay of the latest connection in this run has shown that. */
  readonly isVerified: boolean;
  /**
   * Whether content may leave for the relay. Not before it is certain that the relay has its earlier data, or the loss is in
   * the relay's record: cojson sends lost content again, after which the relay could no longer be caught.
   */
  readonly mayUpload: boolean;
  /** The ledger is of this generation. If this tab knew only earlier ones, their confirmations are outdated. */
  foundGeneration(generation: number): void;
  /** Whether confirmations of this generation count. */
  isCurrent(generation: number): boolean;
  /** Whether what the relay says counts. Otherwise it may be restored once more before this device notices a loss. */
  readonly isBelieved: boolean;
  /** Whether the relay's record has this generation, without which the ledger takes none of its confirmations. */
  isRecorded(generation: number): boolean;
  /** Call before the ledger gets confirmations, with the latest of them first. Rejects if the record is not written. */
  record(confirmed: readonly ConfirmedEdit[]): Promise<void>;
  /** Resolves once every write of the record so far has ended, even if it failed. */
  whenRecorded(): Promise<unknown>;
  connected(hello: HelloFrame | undefined): void;
  /** Call with each message, before it is handled. */
  carried(): void;
  handled(message: SyncMessage): void;
  /** The relay lacks an edit that it had confirmed. */
  denied(): void;
  lost(): void;
  close(): void;
}

export function createLossWatch(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly memory: RelayMemory;
  /** Resolves once this run's relays were recorded, or that was attempted. */
  readonly recorded: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Discards what the relay confirmed. Resolves once everything on this device counts as missing there, or on abort. */
  readonly recheck: (signal: AbortSignal) => Promise<void>;
  /** What was counted as confirmed may be lost. Another connection is needed, which begins with a comparison. */
  readonly outdated: () => void;
  /** A loss is now in the relay's record, for other tabs to read. */
  readonly onRecorded: () => void;
  readonly onChange: () => void;
}): LossWatch {
  const { node, relayID, memory, clock, logger, recheck, outdated, onRecorded, onChange } = options;
  let remembered: RememberedRelay = {};
  /** The number of losses that this tab knows of. */
  let knownLosses = 0;
  /** The latest generation that was found in the relay's record, in the ledger, or by this tab. */
  let latest: number | undefined;
  /** The latest generation that the relay's record is known to have. */
  let recordedLosses = 0;
  /** Aborted when the connection ends. */
  let connection = new AbortController();
  const closing = new AbortController();
  /**
   * `held`: the comparison waits until the channel has carried something. `doubted`: the last connection ended before the
   * relay had shown that it has its earlier data.
   */
  let phase: 'sure' | 'reading' | 'held' | 'asking' | 'filling' | 'doubted' = 'sure';
  const patience = createPatience(clock, () => {
    if (phase === 'asking') return void findMissing(knownLosses + 1);
    // Lost content leaves before the record is read.
    if (phase !== 'filling') remembered = { ...remembered, refill: true };
    onChange();
  });
  let hasCarried = false;
  let hello: HelloFrame | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  const questions = createLossQuestions({
    node,
    relayID,
    states: createDeviceStates(node),
    clock,
    signal: () => connection.signal,
    onAnswered() {
      if (phase === 'asking') void finish();
    },
  });
  let isRead = false;
  let isVerified = false;
  const beginning = options
    .recorded()
    .then(() => read(closing.signal))
    .then((found) => {
      if (!found) return;
      remembered = { ...found, ...remembered };
      knownLosses = found.losses ?? 0;
      recordedLosses = Math.max(recordedLosses, knownLosses);
      foundGeneration(knownLosses);
      // The ledger has debts of a loss that could not be recorded.
      if (latest !== knownLosses) remembered = { ...remembered, refill: true };
      isRead = true;
      onChange();
    });

  /** Tries again until it succeeds: what could not be read may say that the relay has lost data. */
  function read(signal: AbortSignal): Promise<RememberedRelay | undefined> {
    return retry(async () => (await memory.read(relayID)) ?? {}, {
      clock,
      signal,
      failed: (error) =>
        logger.warn('The stored facts about the relay could not be read; retrying automatically', { error }),
    });
  }

  function isCompared(): boolean {
    return isRead && remembered.refill !== true;
  }

  function foundGeneration(generation: number): void {
    const before = latest;
    latest = Math.max(generation, before ?? 0);
    if (before === undefined || generation <= before) return;
    remembered = { ...remembered, refill: true };
    // A comparison that has only begun reads the record again at its end.
    if (phase === 'sure' || phase === 'filling') outdated();
  }

  /** The number of the loss that the record tells of and that this tab has yet to handle. */
  function lossIn({ losses = 0, refill, storage }: RememberedRelay): number | undefined {
    recordedLosses = Math.max(recordedLosses, losses);
    if (losses > knownLosses) {
      // Another tab has found it, and with it the storage whose confirmations count since.
      remembered = { ...remembered, storage };
      return losses;
    }
    // A run or a connection ended before everything was compared, and the relay may have lost more since then.
    return refill || remembered.refill ? losses + 1 : undefined;
  }

  /** False if the record, as read on this connection, neither tells of a loss nor names another storage. */
  function hasActedOn(found: RememberedRelay): boolean {
    const loss = lossIn(found);
    if (isAnotherStorage({ ...remembered, ...found }, reached())) {
      if (reached()) void findMissing(Math.max(found.losses ?? 0, knownLosses) + 1);
      else hold();
      return true;
    }
    if (loss !== undefined) void findMissing(loss);
    return loss !== undefined;
  }

  /** Without a hello, it may be a silent channel to the relay, until it has carried something. */
  function reached(): ReachedStorage | undefined {
    return hello?.storage ?? (hasCarried ? 'stock' : undefined);
  }

  /** What it says counts from now on. */
  function nameStorage(): void {
    remembered = { ...remembered, storage: reached() ?? remembered.storage };
  }

  function hold(): void {
    phase = 'held';
    patience.renew();
  }

  async function compare(): Promise<void> {
    const { signal } = connection;
    phase = 'reading';
    void patience.begin();
    const atStart = confirmedIn(remembered);
    questions.ask(atStart, { mayBeAsked: true });
    await beginning;
    // In the meantime another tab may have seen more confirmations, or have handled a loss.
    const found = await read(signal);
    if (!found || signal.aborted || phase !== 'reading') return;
    phase = 'asking';
    if (hasActedOn(found)) return;
    const others = confirmedIn(found);
    remembered = {
      ...remembered,
      storage: reached() ?? found.storage ?? remembered.storage,
      confirmed: joinConfirmed(atStart, others),
    };
    if (!isEqual(found.storage, remembered.storage)) writeOnce();
    const isAsked = (edit: ConfirmedEdit) => atStart.some((other) => isEqual(other, edit));
    questions.ask(
      others.filter((edit) => !isAsked(edit)),
      { mayBeAsked: false },
    );
    if (!questions.areOpen) void finish();
  }

  /** Reads the record again: another tab that has found a loss in the meantime may have uploaded what was asked about. */
  async function finish(): Promise<void> {
    const { signal } = connection;
    const found = await read(signal);
    if (!found || signal.aborted || phase !== 'asking') return;
    if (!hasActedOn(found)) becomeSure();
  }

  /** `losses` includes this one. Written at once, because other tabs may already be certain that nothing is lost. */
  async function findMissing(losses: number): Promise<void> {
    logger.warn('The relay has lost data; comparing everything on this device with it');
    const { signal } = connection;
    phase = 'filling';
    questions.clear();
    knownLosses = Math.max(losses, knownLosses, latest ?? 0);
    latest = knownLosses;
    remembered = { ...remembered, storage: reached(), losses: knownLosses, refill: true };
    patience.renew();
    const overdue = patience.begin();
    onChange();
    // Tried again until it succeeds, because other tabs and later runs learn of the loss from the record.
    const written = retry(() => write(), { clock, signal: closing.signal });
    await Promise.all([recheck(signal), Promise.race([written, overdue])]);
    // A later loss has another connection begin anew.
    if (signal.aborted || knownLosses !== latest) return;
    remembered = { ...remembered, refill: false };
    writeOnce(remembered.confirmed);
    becomeSure();
  }

  function becomeSure(): void {
    phase = 'sure';
    nameStorage();
    patience.renew();
    isVerified = true;
    onChange();
  }

  /** Otherwise each later connection would take what is lost for another loss. */
  function answered({ id, has }: LossAnswer): void {
    const edits = confirmedIn(remembered).filter((edit) => has || edit.id !== id);
    const confirmed = edits.map((edit) => (edit.id === id ? { ...edit, generation: knownLosses } : edit));
    remembered = { ...remembered, confirmed };
  }

  /** An outdated record only costs a comparison. */
  function writeOnce(confirmed?: readonly ConfirmedEdit[]): void {
    write(confirmed).catch(() => {});
  }

  /** One write at a time, so that an earlier one never follows a later one. */
  function write(confirmed: readonly ConfirmedEdit[] = []): Promise<void> {
    const written = writing.then(async () => {
      const { losses = 0 } = await memory.write(relayID, { ...remembered, confirmed, receipt: undefined });
      // Another tab has found a loss, or has reached another storage.
      foundGeneration(losses);
      if (losses <= recordedLosses) return;
      recordedLosses = losses;
      onRecorded();
    });
    writing = written.catch(() => {});
    return written;
  }

  return {
    get generation() {
      return knownLosses;
    },
    get isRead() {
      return isRead;
    },
    get isCompared() {
      return isCompared();
    },
    get isSure() {
      return phase === 'sure' && isCompared();
    },
    get isVerified() {
      return isVerified;
    },
    get mayUpload() {
      if (patience.isOver || (phase === 'sure' && isCompared())) return true;
      return phase === 'filling' && knownLosses === latest && recordedLosses >= knownLosses;
    },
    foundGeneration,
    isCurrent: (generation) => generation === (latest ?? generation),
    get isBelieved() {
      return isRead && knownLosses === latest && (phase === 'sure' || phase === 'filling');
    },
    isRecorded: (generation) => generation <= recordedLosses,
    record(confirmed) {
      const now = confirmedIn({ confirmed, losses: knownLosses });
      remembered = { ...remembered, confirmed: joinConfirmed(now, confirmedIn(remembered)) };
      return write(now);
    },
    whenRecorded: () => writing,
    connected(its) {
      hello = its;
      isVerified = false;
      void compare();
    },
    carried() {
      if (hasCarried) return;
      hasCarried = true;
      if (phase === 'held') void compare();
      else if (phase === 'sure' || phase === 'filling') nameStorage();
    },
    handled(message) {
      const answer = questions.handled(message);
      if (!answer) return;
      answered(answer);
      // What an earlier generation had is lost already, and no generation begins while one is compared.
      if (!answer.has && answer.generation >= knownLosses && phase !== 'filling')
        void findMissing(knownLosses + 1);
    },
    denied() {
      if (phase === 'filling' || remembered.refill === true) return;
      const wasSure = phase === 'sure';
      if (wasSure || phase === 'asking') void findMissing(knownLosses + 1);
      else remembered = { ...remembered, refill: true };
      // cojson counts as present what it has sent on this connection.
      if (wasSure) outdated();
    },
    lost() {
      connection.abort();
      connection = new AbortController();
      questions.clear();
      patience.pause();
      hasCarried = false;
      if (phase !== 'sure') phase = 'doubted';
    },
    close() {
      closing.abort();
      patience.pause();
    },
  };
}
