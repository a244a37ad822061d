import { expect, it, onTestFinished, vi } from 'vitest';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { runStatement } from '../../../test/support/postgres.ts';
import { until } from '../../../test/support/until.ts';
import { assert } from '../../base/assert.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { readSignedReceipt, type Receipt, type SignedReceipt } from '../../wire/receipt.ts';
import type { Database } from '../database/database.ts';
import { createReceipts, maxAnswers, type ReceiptState } from './receipts.ts';

const helloOf = ({ received }: RawClient) =>
  received[0] as unknown as { relay: { key?: string }; storage: { id: string; epoch: string } };

const receiptsOf = ({ received }: RawClient) => received.filter(({ maia }) => maia === 'receipt');

let challengeCount = 0;

/** Resolves with what the relay signed, after its signature was verified with the key of its `hello`. */
async function receiptFor(client: RawClient, at: readonly number[] = []): Promise<Receipt> {
  const nonce = `nonce ${++challengeCount}`;
  const before = receiptsOf(client).length;
  client.send({ maia: 'challenge', nonce, at });
  await until(() => receiptsOf(client).length > before);
  const signed = readSignedReceipt(receiptsOf(client).at(-1));
  assert(signed, 'the receipt has the form of one');
  expect(verifies(signed, helloOf(client).relay.key)).toBe(true);
  expect(signed.receipt).toMatchObject({ nonce, storageID: helloOf(client).storage.id });
  return signed.receipt;
}

type Verify = Parameters<typeof crypto.verify>;
const verifies = ({ receipt, signature }: SignedReceipt, key = '') =>
  crypto.verify(signature as Verify[0], receipt, key as Verify[2]);

it('[RECEIPT-1] signs the latest mark, the nonce and the earlier marks that it still has, for each challenge', async () => {
  let database: Database | undefined;
  const relay = await startRelay({ storage: 'memory:' }, (opened) => (database = opened));
  const client = await openRawClient(relay.url);
  const first = await receiptFor(client);
  expect(first).toMatchObject({ epoch: helloOf(client).storage.epoch, at: [] });
  // Another relay adds a mark. This one has no notice of it.
  await database?.write(`insert into storage_marks values ($1, 'later')`, [first.n + 1]);
  expect(await receiptFor(client, [first.n, first.n + 7])).toMatchObject({
    ...{ n: first.n + 1, root: 'later', at: [{ n: first.n, root: first.root }] },
  });
});

it('[RECEIPT-2] signs nothing if the storage lacks a mark that this relay has seen, or has another in its place', async () => {
  let readCount = 0;
  let database: Database | undefined;
  const relay = await startRelay({ storage: 'memory:' }, (opened) => {
    database = opened;
    return {
      ...opened,
      async query(sql, parameters) {
        const rows = await opened.query<never>(sql, parameters);
        if (sql.includes('storage_identity')) readCount++;
        return rows;
      },
    };
  });
  const client = await openRawClient(relay.url);
  const { n } = await receiptFor(client);
  const change = async (sql: string) => {
    await database?.write(sql);
    const before = readCount;
    client.send({ maia: 'challenge', nonce: 'in vain', at: [] });
    // The identity is read last, after which only an echo takes as long as a receipt.
    await until(() => readCount > before);
    const echoed = client.received.length;
    client.send({ maia: 'echo', t: 1 });
    await until(() => client.received.length > echoed);
    return receiptsOf(client).length;
  };
  expect(await change(`update storage_marks set name = 'another'`)).toBe(1);
  expect(await change(`delete from storage_marks`)).toBe(1);
  expect(await change(`insert into storage_marks values (${n}, 'one'), (${n + 1}, 'two')`)).toBe(1);
});

it('[RECEIPT-3] announces no key and signs nothing without the secret of the storage', async () => {
  const relay = await startRelay({ storage: 'memory:' }, (opened) => ({
    ...opened,
    query: (sql, parameters) =>
      sql.includes('relay_secret') ? Promise.resolve([]) : opened.query(sql, parameters),
  }));
  const client = await openRawClient(relay.url);
  expect(helloOf(client).relay).not.toHaveProperty('key');
});

it('signs nothing before it has read the secret', async () => {
  const clock = createFakeClock();
  const state = { identity: { id: 's', epoch: 'e' }, latest: { number: 1, name: 'mark' }, earlier: [] };
  const readMarks = vi.fn(() => Promise.resolve(state));
  const receipts = createReceipts({
    ...{ crypto, readMarks, clock, logger: silentLogger },
    readSecret: () => Promise.reject(new Error('The table relay_secret is empty.')),
    onceSure: (run) => run(),
  });
  expect(await receipts.begin()).toBeUndefined();
  const send = vi.fn();
  receipts.ask('one', { maia: 'challenge', nonce: 'n', at: [] }, send);
  clock.advance(100);
  await until(() => readMarks.mock.results.length > 0);
  await Promise.resolve();
  expect(send).not.toHaveBeenCalled();
});

it('[RECEIPT-3] gives no receipt to a client that has not signed in', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const client = await openRawClient(relay.url);
  client.send({ maia: 'challenge', nonce: 'n', at: [] });
  await client.waitFor({ maia: 'refused', code: 'unauthorized', closing: true });
});

describePostgres('relays that share a database', () => {
  it('[RECEIPT-1] sign with one key, and each the marks of all', async () => {
    const storage = await createPostgres();
    const [one, other] = [await startRelay({ storage }), await startRelay({ storage })];
    const [a, b] = [await openRawClient(one.url), await openRawClient(other.url)];
    expect(helloOf(a).relay.key).toBe(helloOf(b).relay.key);
    const before = await receiptFor(a);
    expect(await receiptFor(b, [before.n])).toMatchObject({
      ...{ n: before.n, root: before.root, epoch: before.epoch },
      at: [{ n: before.n, root: before.root }],
    });
    await runStatement(`insert into storage_marks values ($1, 'next')`, [before.n + 1], storage);
    expect(await receiptFor(a)).toMatchObject({ n: before.n + 1, root: 'next' });
    expect(await receiptFor(b)).toMatchObject({ n: before.n + 1, root: 'next' });
  });
});

function createTestReceipts() {
  const clock = createFakeClock();
  const answers: ((state: ReceiptState) => void)[] = [];
  const readMarks = vi.fn<(numbers: readonly number[]) => Promise<ReceiptState>>(
    () => new Promise((resolve) => answers.push(resolve)),
  );
  const receipts = createReceipts({
    ...{ crypto, readMarks, clock, logger: silentLogger },
    readSecret: () => Promise.resolve('secret'),
    onceSure: (run) => run(),
  });
  onTestFinished(receipts.stop);
  const sent: Receipt[] = [];
  const state = (number: number) => ({
    ...{ identity: { id: 's', epoch: 'e' }, latest: { number, name: `mark ${number}` }, earlier: [] },
  });
  return {
    receipts,
    readMarks,
    sent,
    advance: clock.advance,
    ask: (client: string, nonce: string) =>
      receipts.ask(client, { maia: 'challenge', nonce, at: [3] }, (frame) =>
        sent.push((JSON.parse(frame) as SignedReceipt).receipt),
      ),
    /** Resolves once `count` receipts were sent in all. */
    async answer(number: number, count: number) {
      answers.shift()?.(state(number));
      await until(() => expect(sent).toHaveLength(count));
    },
  };
}

it('[RECEIPT-1] reads the marks once for all that ask in 100 ms, after the last of them, and answers the latest challenge of each client', async () => {
  const { receipts, readMarks, sent, advance, ask, answer } = createTestReceipts();
  await receipts.begin();
  ask('one', 'first');
  ask('one', 'second');
  ask('two', 'third');
  advance(100);
  expect(readMarks).toHaveBeenCalledExactlyOnceWith([3]);
  ask('one', 'late');
  advance(100);
  expect(readMarks).toHaveBeenCalledOnce();
  await answer(5, 2);
  expect(sent.map(({ nonce }) => nonce)).toEqual(['second', 'third']);
  advance(1_900);
  expect(readMarks).toHaveBeenCalledOnce();
  advance(100);
  await answer(6, 3);
  expect(readMarks).toHaveBeenCalledTimes(2);
  expect(sent[2]).toMatchObject({ nonce: 'late', n: 6 });
});

it('signs for so many clients at once, and for the others in the next 100 ms', async () => {
  const { receipts, readMarks, sent, advance, ask, answer } = createTestReceipts();
  await receipts.begin();
  for (let client = 0; client <= maxAnswers; client++) ask(`client ${client}`, `nonce ${client}`);
  advance(100);
  await answer(1, maxAnswers);
  advance(100);
  await answer(2, maxAnswers + 1);
  expect(sent.at(-1)).toMatchObject({ nonce: `nonce ${maxAnswers}`, n: 2 });
  expect(readMarks).toHaveBeenCalledTimes(2);
});

it('signs nothing for a client that has left, and keeps nothing of it', async () => {
  const { receipts, readMarks, sent, advance, ask, answer } = createTestReceipts();
  await receipts.begin();
  ask('one', 'first');
  ask('two', 'second');
  advance(100);
  receipts.left('one');
  ask('three', 'third');
  receipts.left('three');
  await answer(1, 1);
  expect(sent[0]?.nonce).toBe('second');
  advance(10_000);
  expect(readMarks).toHaveBeenCalledOnce();
});
