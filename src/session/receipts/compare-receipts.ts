import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { RelayContradiction } from '../../sync/confirmations.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import { maxReceiptMarks, type SignedReceipt } from '../../wire/receipt.ts';
import {
  findContradiction,
  isOfOneState,
  isSignedBy,
  nonceOf,
  numbersOf,
  readContradiction,
  type ReceiptCrypto,
} from './judge-receipts.ts';
import type { ReceiptRecords } from './receipt-records.ts';

/** Compares what relays sign of their storages with what this account's devices have seen of them. */
export interface ReceiptComparison {
  connected(relayID: string, hello: HelloFrame | undefined): void;
  received(relayID: string, signed: SignedReceipt): void;
  /** What other devices have recorded may have changed. */
  recordsChanged(): void;
  end(): void;
}

export interface ReceiptComparisonOptions {
  readonly crypto: ReceiptCrypto;
  readonly records: ReceiptRecords;
  /** What this device remembers of a relay. Rejections count as nothing. */
  readonly device: {
    read(relayID: string): Promise<SignedReceipt | undefined>;
    write(relayID: string, signed: SignedReceipt): Promise<unknown>;
  };
  newSalt(): string;
  challenge(relayID: string, nonce: string, at: readonly number[]): void;
  /** Called once for each relay, storage and epoch. `isNews`: not reported of this relay in the last hours. */
  contradicted(relayID: string, contradiction: RelayContradiction, isNews: boolean): void;
  readonly clock: Pick<Clock, 'nowMs' | 'elapsedMs' | 'after'>;
  readonly logger: Logger;
}

interface ComparedRelay {
  readonly key: string;
  readonly storage: HelloFrame['storage'];
  /** This run's latest receipt of this storage and epoch that contradicts nothing. */
  own?: SignedReceipt | undefined;
  /** What an earlier run has left on this device. */
  device?: SignedReceipt | undefined;
  /** The question that waits for an answer, and what was known when it left. */
  asked?: Asked;
  /** How many questions in a row got no answer. */
  unanswered: number;
  /** What the latest answer was compared with. */
  compared: readonly SignedReceipt[];
  isContradicted: boolean;
}

interface Asked {
  readonly challenge: RelayContradiction['challenge'];
  readonly known: readonly SignedReceipt[];
}

/** While a relay stays connected. */
export const askIntervalMs = 600_000;
/** How long a question waits for its answer. Afterwards, `askIntervalMs`. */
export const answerWithinMs: readonly number[] = [10_000, 60_000];
/** Of a key, in one question. Leaves room for what this run knows itself. */
const maxAskedRecords = 2;
/** A session that ends sooner records no receipt for the account's other devices. */
export const recordAfterMs = 10_000;
/** The map keeps each of its edits. A relay that changes its key or epoch must not make it grow. */
export const recordIntervalMs = 6 * 60 * 60_000;
/** For a newer receipt of the same epoch. One a day would be a megabyte in four years. */
export const refreshIntervalMs = 7 * 24 * 60 * 60_000;

export function compareReceipts(options: ReceiptComparisonOptions): ReceiptComparison {
  const { crypto, records, device, newSalt, challenge, contradicted, clock, logger } = options;
  const relays = new Map<string, ComparedRelay>();
  /** When this run has last recorded or reported something of a relay. */
  const doneAtMs = new Map<string, number>();
  const timers = new Map<string, () => void>();
  let isEnded = false;

  function isOwn({ key, storage }: ComparedRelay, signed: SignedReceipt): boolean {
    const stored = { storageID: storage.id, epoch: storage.epoch };
    return isOfOneState(signed.receipt, stored) && isSignedBy(crypto, key, signed);
  }

  function recordsOf(relay: ComparedRelay): readonly SignedReceipt[] {
    return records
      .receipts(relay.key)
      .filter((signed) => isOwn(relay, signed))
      .toSorted((a, b) => b.receipt.n - a.receipt.n)
      .slice(0, maxAskedRecords);
  }

  /** Of this key, storage and epoch, also from other addresses; each was signed before now. */
  function knownOf(relay: ComparedRelay): readonly SignedReceipt[] {
    const others = [...relays.values()].filter(({ key }) => key === relay.key);
    const all = [
      relay.own,
      relay.device,
      ...recordsOf(relay),
      ...others.flatMap((other) => [other.own, other.device]),
    ];
    const bySignature = new Map(
      all.flatMap((signed) => (signed && isOwn(relay, signed) ? [[signed.signature, signed] as const] : [])),
    );
    return [...bySignature.values()].slice(0, maxReceiptMarks);
  }

  function ask(relayID: string, relay: ComparedRelay): void {
    const known = knownOf(relay);
    if (reportKnown(relayID, relay, known)) return;
    const asked = {
      challenge: { salt: newSalt(), known: known.map(({ signature }) => signature) },
      known,
    };
    relay.asked = asked;
    challenge(relayID, nonceOf(crypto, asked.challenge), numbersOf(known));
    askLater(relayID, relay, answerWithinMs[relay.unanswered++]);
  }

  function askLater(relayID: string, relay: ComparedRelay, delayMs = askIntervalMs): void {
    timers.get(relayID)?.();
    timers.set(
      relayID,
      clock.after(delayMs, () => {
        if (relays.get(relayID) === relay) ask(relayID, relay);
      }),
    );
  }

  /** Whether what is known is a proof already. Then there is nothing to ask. */
  function reportKnown(relayID: string, relay: ComparedRelay, known: readonly SignedReceipt[]): boolean {
    if (relay.isContradicted) return true;
    // Another device, or this one in an earlier run, has proved it.
    for (const value of records.contradictions()) {
      const recorded = readContradiction(crypto, value);
      if (recorded?.key !== relay.key || !isOwn(relay, recorded.later)) continue;
      report(relayID, relay, recorded);
      return true;
    }
    // Two roots for one number are a proof in any order. Of the others, it is not known which was signed first.
    const challenge = { salt: newSalt(), known: [] };
    for (const [index, one] of known.entries()) {
      const found = findContradiction(relay.key, known.slice(0, index), one, challenge);
      if (found?.why !== 'split-view') continue;
      prove(relayID, relay, found);
      return true;
    }
    return false;
  }

  function report(relayID: string, relay: ComparedRelay, found: RelayContradiction): void {
    relay.isContradicted = true;
    const isNews = isDue('lost', relayID, undefined);
    if (isNews) done('lost', relayID);
    contradicted(relayID, found, isNews);
  }

  function prove(relayID: string, relay: ComparedRelay, found: RelayContradiction): void {
    report(relayID, relay, found);
    attempt(() => {
      // One proof is enough for the operator.
      const isProved = readContradiction(crypto, records.contradiction(relayID)) !== undefined;
      const othersMs = isProved ? records.contradictionAtMs(relayID) : undefined;
      if (!isDue('proof', relayID, othersMs)) return;
      done('proof', relayID);
      records.writeContradiction(relayID, found);
    });
  }

  /** `othersMs`: when another device, or this one in an earlier run, has done the same. */
  function isDue(
    what: string,
    relayID: string,
    othersMs: number | undefined,
    intervalMs = recordIntervalMs,
  ): boolean {
    const doneMs = doneAtMs.get(`${what} ${relayID}`);
    if (doneMs !== undefined && clock.elapsedMs() - doneMs < intervalMs) return false;
    // Another device's clock may be wrong by years.
    return othersMs === undefined || Math.abs(clock.nowMs() - othersMs) >= intervalMs;
  }

  const done = (what: string, relayID: string) => doneAtMs.set(`${what} ${relayID}`, clock.elapsedMs());

  function isWorthRecording(relayID: string, relay: ComparedRelay, { receipt }: SignedReceipt): boolean {
    const recorded = recordsOf(relay);
    if (recorded.some(({ receipt: { n } }) => n >= receipt.n)) return false;
    const intervalMs = recorded.length > 0 ? refreshIntervalMs : recordIntervalMs;
    return isDue('receipt', relayID, records.receiptAtMs(relayID), intervalMs);
  }

  /** Two tabs or devices may write at once: the later one wins, and the earlier one sees that and compares it. */
  function record(relayID: string, { key }: ComparedRelay, own: SignedReceipt): void {
    done('receipt', relayID);
    attempt(() => records.writeReceipt(relayID, key, own));
  }

  /** A session that is closing takes no edits. */
  function attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      logger.debug('Could not record a receipt in the account', { error });
    }
  }

  const comparison: ReceiptComparison = {
    connected(relayID, hello) {
      timers.get(relayID)?.();
      const key = hello?.relay.key;
      if (key === undefined || !hello || isEnded) return void relays.delete(relayID);
      const { storage } = hello;
      const before = relays.get(relayID);
      const isSame =
        before?.key === key && before.storage.id === storage.id && before.storage.epoch === storage.epoch;
      const relay: ComparedRelay = isSame
        ? before
        : { key, storage, unanswered: 0, compared: [], isContradicted: false };
      // An answer to it cannot come any more.
      delete relay.asked;
      relay.unanswered = 0;
      relays.set(relayID, relay);
      const begin = (left?: SignedReceipt) => {
        if (isEnded || relays.get(relayID) !== relay) return;
        if (left && !relay.own) relay.device = left;
        ask(relayID, relay);
      };
      if (isSame) begin();
      else void device.read(relayID).then(begin, () => begin());
    },
    received(relayID, signed) {
      const relay = relays.get(relayID);
      const asked = relay?.asked;
      if (
        !relay ||
        !asked ||
        relay.isContradicted ||
        nonceOf(crypto, asked.challenge) !== signed.receipt.nonce
      )
        return;
      delete relay.asked;
      if (!isOwn(relay, signed)) {
        logger.warn('A receipt of the relay has a wrong signature, or is of another storage', { relayID });
        return;
      }
      const found = findContradiction(relay.key, asked.known, signed, asked.challenge);
      if (found) return prove(relayID, relay, found);
      relay.unanswered = 0;
      const isFirst = !relay.own;
      const isDueNow = isWorthRecording(relayID, relay, signed);
      // Once more, because apps show an edit that waits for a relay: it is made when the relay has just answered.
      askLater(relayID, relay, isFirst && isDueNow ? recordAfterMs : askIntervalMs);
      relay.own = signed;
      delete relay.device;
      relay.compared = asked.known;
      device.write(relayID, signed).catch(() => {});
      if (isDueNow && !isFirst) record(relayID, relay, signed);
      // What other devices have recorded since then is not in the answer.
      comparison.recordsChanged();
    },
    recordsChanged() {
      for (const [relayID, relay] of relays) {
        // What the open answer lacks is asked for once it has come.
        const isReading = !relay.own || relay.asked;
        if (reportKnown(relayID, relay, knownOf(relay)) || isReading) continue;
        const compared = new Set([relay.own, ...relay.compared].map((known) => known?.signature));
        if (recordsOf(relay).some(({ signature }) => !compared.has(signature))) ask(relayID, relay);
      }
    },
    end() {
      isEnded = true;
      for (const cancel of timers.values()) cancel();
    },
  };
  return comparison;
}
