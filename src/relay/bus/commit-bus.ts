import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { BusTransport, BusTransportListener } from './bus-transport.ts';
import { createPace } from './pace.ts';
import {
  addNews,
  parseNotice,
  renewal,
  restriction,
  takeNotice,
  type Notice,
  type WaitingNews,
} from './notices.ts';

/** Tells the relays on one storage about each other's commits. What it misses is in the log of the storage. */
export interface CommitBus {
  /** Call it after the commit. `pushedBy` names the client that pushed it over HTTP. */
  publish(ids: readonly string[], pushedBy?: string): void;
  /** The storage got another epoch. */
  publishRenewal(): void;
  /** An operator has changed what is blocked. */
  publishRestriction(): void;
  /** Whether what this relay sends comes back to it: `silent` after three beats without, `lost` after five. */
  readonly hearing: 'ok' | 'silent' | 'lost';
  /** How long ago something that this relay sent came back. */
  heardMs(): number;
  close(): void;
}

export interface CommitBusListener {
  /** Another relay committed content of these CoValues. */
  committed(ids: readonly string[], pushedBy: ReadonlyMap<string, string>): void;
  /** Notices were missed, or may have been. */
  missed(): void;
  /** The storage may have gone back to an earlier state. */
  doubted(): void;
  /** An operator has changed what is blocked, through this relay or another. */
  restricted(): void;
  /** `hearing` became `lost`. */
  lost(): void;
}

export interface CommitBusOptions {
  open(on: BusTransportListener): Promise<BusTransport>;
  readonly on: CommitBusListener;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const beatMs = 2_000;
const silentAfterBeats = 3;
const lostAfterBeats = 5;
/** The log is read this often even if nothing seems to be missing. */
export const alwaysReadMs = 30_000;
const firstBeatMs = 5_000;
/** Between two readings of the log, two doubts, and two readings of what is blocked: anyone may write to the bus. */
const pauseMs = 500;
const maxSenders = 1_000;

interface Sender {
  number: number;
  heardAtMs: number;
}

/** Rejects if the transport cannot be opened, and with RELAY_SETTING_INVALID if it does not bring back what was sent. */
export async function createCommitBus({ open, on, clock, logger }: CommitBusOptions): Promise<CommitBus> {
  const name = randomBytes(12).toString('base64url');
  const myRenewal = `${renewal} ${name}`;
  const senders = new Map<string, Sender>();
  const waiting: WaitingNews = new Map();
  let sentCount = 0;
  /** Counted instead of timed, because a process that was stopped for a while has not read what arrived meanwhile. */
  let unheardBeats = 0;
  let heardAtMs = clock.elapsedMs();
  let isSending = false;
  let isClosed = false;
  let readAtMs = clock.elapsedMs();
  const readings = createPace(
    () => {
      readAtMs = clock.elapsedMs();
      on.missed();
    },
    pauseMs,
    clock,
  );
  const doubts = createPace(on.doubted, pauseMs, clock);
  const restrictions = createPace(on.restricted, pauseMs, clock);
  let heardFirst = () => {};
  const transport = await open({
    received(text) {
      if (text === myRenewal) return;
      if (text.startsWith(renewal)) return doubts.call();
      if (text === restriction) return restrictions.call();
      const notice = parseNotice(text);
      if (!notice) return;
      if (notice.sender !== name) return receive(notice);
      unheardBeats = 0;
      heardAtMs = clock.elapsedMs();
      heardFirst();
    },
    interrupted() {
      if (!isClosed) on.doubted();
    },
    resumed() {
      // The transport may have been connecting again when it was closed.
      if (isClosed) return;
      on.doubted();
      readings.call();
      beat();
    },
  });
  let cancel = () => {};
  beat();
  try {
    await hearFirstBeat();
  } catch (error) {
    close();
    throw error;
  }

  function hearFirstBeat(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancelWait = clock.after(firstBeatMs, () => reject(unheard()));
      heardFirst = () => {
        cancelWait();
        resolve();
      };
    });
  }

  function receive({ sender, number, ids, pushedBy }: Notice): void {
    if (ids.length > 0) on.committed(ids, pushedBy);
    if (number === undefined) return;
    const known = senders.get(sender);
    if (!known && senders.size >= maxSenders) return readings.call();
    const expected = known && known.number + (ids.length > 0 ? 1 : 0);
    senders.set(sender, { number: Math.max(number, known?.number ?? 0), heardAtMs: clock.elapsedMs() });
    // What a relay sent before its first notice that arrived here may be missing, too.
    if (expected === undefined || number > expected) readings.call();
  }

  function beat(): void {
    cancel();
    cancel = clock.after(beatMs, beat);
    if (++unheardBeats === lostAfterBeats + 1) on.lost();
    const nowMs = clock.elapsedMs();
    // A relay that has ended may have done so between a commit and its notice.
    const silent = [...senders].filter(([, sender]) => nowMs - sender.heardAtMs >= silentAfterBeats * beatMs);
    for (const [sender] of silent) senders.delete(sender);
    if (silent.length > 0 || nowMs - readAtMs >= alwaysReadMs) readings.call();
    void send(true);
  }

  /** One text is on its way at a time, and what is committed meanwhile goes into the next. */
  async function send(isBeat: boolean): Promise<void> {
    if (isSending || isClosed) return;
    isSending = true;
    try {
      for (let isDue = isBeat; isDue || waiting.size > 0; isDue = false) {
        if (waiting.size > 0) sentCount++;
        await transport.send(takeNotice(name, sentCount, waiting, transport.maxBytes));
      }
    } catch (error) {
      logger.debug('Could not notify the other relays', { error });
      // A number that is missing makes them read the log.
      if (waiting.size > 0) sentCount++;
      waiting.clear();
    }
    isSending = false;
  }

  function sendAll(text: string): void {
    transport
      .send(text)
      .catch((error: unknown) => logger.debug('Could not notify the other relays of a change', { error }));
  }

  function close(): void {
    isClosed = true;
    cancel();
    readings.stop();
    doubts.stop();
    restrictions.stop();
    transport.close();
  }

  return {
    publish(ids, pushedBy) {
      addNews(waiting, ids, pushedBy);
      void send(false);
    },
    publishRenewal: () => sendAll(myRenewal),
    publishRestriction: () => sendAll(restriction),
    get hearing() {
      // The beat that was sent last may still be on its way.
      if (unheardBeats <= silentAfterBeats) return 'ok';
      return unheardBeats <= lostAfterBeats ? 'silent' : 'lost';
    },
    heardMs: () => clock.elapsedMs() - heardAtMs,
    close,
  };
}

function unheard() {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    'The relay does not receive the notices that it sends to other relays. PgBouncer and similar poolers do not pass them on: set DATABASE_LISTEN_URL to the address of the database itself.',
  );
}
