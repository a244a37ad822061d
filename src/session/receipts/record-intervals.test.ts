import { expect, it } from 'vitest';
import { createAccountMap } from '../../../test/simulation/receipts/account-map.ts';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import { receiptType, type Receipt } from '../../wire/receipt.ts';
import { askIntervalMs, compareReceipts, recordAfterMs, recordIntervalMs } from './compare-receipts.ts';
import { recordsIn } from './receipt-records.ts';

const secret = crypto.newRandomAgentSecret();
const key = crypto.getAgentSignerID(crypto.getAgentID(secret));
const weekMs = 7 * 24 * 60 * 60_000;

/** A session with one relay, whose storage gets a mark between two questions, and that answers each at once until it is lost. */
function openSession() {
  const clock = createFakeClock();
  const writtenMs: number[] = [];
  const map = createAccountMap(
    1,
    clock.nowMs,
    () => {},
    () => writtenMs.push(clock.elapsedMs()),
  );
  let epoch = 'first';
  let n = 0;
  let isLost = false;
  const comparison = compareReceipts({
    ...{ crypto, clock, logger: silentLogger, records: recordsIn(() => map.asCoMap) },
    device: { read: () => Promise.resolve(undefined), write: () => Promise.resolve() },
    newSalt: () => `salt ${n}`,
    challenge(relayID, nonce) {
      if (isLost) return;
      n++;
      const receipt: Receipt = {
        typ: receiptType,
        storageID: 's',
        epoch,
        n,
        root: `root ${n}`,
        nonce,
        at: [],
      };
      const signature = crypto.sign(crypto.getAgentSignerSecret(secret), receipt);
      clock.after(1, () => comparison.received(relayID, { receipt, signature }));
    },
    contradicted: () => {},
  });
  const connect = async (to: string) => {
    epoch = to;
    comparison.connected('r', { relay: { key }, storage: { id: 's', epoch } } as unknown as HelloFrame);
    await Promise.resolve();
  };
  const stay = (forMs: number) => {
    for (let ms = 0; ms < forMs; ms += askIntervalMs) clock.advance(askIntervalMs);
  };
  const lose = () => void (isLost = true);
  return { connect, lose, stay, clock, writtenMs };
}

it('[RECEIPT-5] a newer receipt of the same epoch replaces the one in the account once a week', async () => {
  const { connect, stay, writtenMs } = openSession();
  await connect('first');
  stay(2.5 * weekMs);
  expect(writtenMs).toHaveLength(3);
  const [first = 0, second = 0, third = 0] = writtenMs;
  expect(first).toBeLessThan(recordAfterMs + askIntervalMs);
  expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(weekMs);
});

it('[RECEIPT-5] one of another epoch replaces it once in six hours', async () => {
  const { connect, stay, writtenMs } = openSession();
  await connect('first');
  stay(recordIntervalMs * 2);
  await connect('second');
  stay(askIntervalMs * 2);
  expect(writtenMs).toHaveLength(2);
  await connect('third');
  stay(askIntervalMs * 2);
  expect(writtenMs).toHaveLength(2);
  stay(recordIntervalMs);
  expect(writtenMs).toHaveLength(3);
});

it('[RECEIPT-5] nothing is recorded while the relay is away: it would be an edit that waits', async () => {
  const { connect, lose, stay, clock, writtenMs } = openSession();
  await connect('first');
  clock.advance(recordAfterMs / 2);
  lose();
  stay(weekMs);
  expect(writtenMs).toEqual([]);
});
