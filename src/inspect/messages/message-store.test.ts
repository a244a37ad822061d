import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { createMessageStore, textAt, type MessageStore } from './message-store.ts';

/** Adds messages that are as long as ordinary ones, and as hard to deflate. */
function fill(store: MessageStore, count: number, from = 0): void {
  for (let index = from; index < from + count; index++) {
    const id = `co_z${randomText(20, index % 5_000)}`;
    const isContent = index % 2 === 0;
    const text = isContent
      ? `{"action":"content","id":"${id}","new":{"${randomText(60, 7)}":{"after":${index},"newTransactions":[{"privacy":"private","madeAt":${index},"keyUsed":"key_z${randomText(20, 3)}","encryptedChanges":"encrypted_U${randomText(86, index)}"}],"lastSignature":"signature_z${randomText(86, index + 1)}"}}}`
      : `{"action":"known","id":"${id}","header":true,"sessions":{"${randomText(60, 7)}":${index}}}`;
    const type = isContent ? 'content' : 'known';
    store.add(
      {
        atMs: index,
        direction: 'sent',
        relayID: 'relay',
        channel: 1,
        type,
        id,
        bytes: text.length,
        count: 1,
      },
      { state: 'kept', text },
    );
  }
}

function randomText(length: number, seed: number): string {
  return createHash('sha512').update(String(seed)).digest('base64').slice(0, length);
}

it('holds 100,000 ordinary messages with their texts within 20 MB', async () => {
  const store = createMessageStore();
  for (let count = 0; count < 100; count++) {
    fill(store, 1_000, count * 1_000);
    await store.settled();
    expect(store.bytes).toBeLessThanOrEqual(20_000_000);
  }
  expect(store.first).toBe(1);
  expect(store.last).toBe(100_000);
  expect(store.firstWithText).toBe(1);
  for (const number of [1, 50_001, 99_999]) {
    const kept = await textAt(store, number);
    expect(kept.state === 'kept' && kept.text.includes(`"after":${number - 1},`)).toBe(true);
  }
});

it('evicts the oldest messages, texts first, and frees their memory', async () => {
  const store = createMessageStore(400_000);
  fill(store, 20_000);
  await store.settled();
  expect(store.bytes).toBeLessThanOrEqual(400_000);
  expect(store.first).toBeGreaterThan(1);
  expect(store.firstWithText).toBeGreaterThan(store.first);
  expect(store.last).toBe(20_000);
  expect(store.at(store.first - 1)).toBeUndefined();
  expect(store.at(store.first)).toMatchObject({ number: store.first, atMs: store.first - 1 });
  expect(await textAt(store, store.first)).toEqual({ state: 'dropped' });
  const kept = store.last - store.first + 1;
  expect((store.byType.content ?? 0) + (store.byType.known ?? 0)).toBe(kept);
  const seen: number[] = [];
  store.scan(store.last - 2, (number) => seen.push(number));
  expect(seen).toEqual([store.last - 2, store.last - 1, store.last]);
});

it('returns each text unchanged, packed or not, between withheld ones', async () => {
  const store = createMessageStore();
  const message = {
    atMs: 1,
    direction: 'received',
    relayID: 'r',
    channel: 1,
    type: 'maia',
    bytes: 1,
  } as const;
  const first = store.add(message, { state: 'kept', text: '{"a":"é漢😀"}' });
  const second = store.add(message, { state: 'withheld' });
  const third = store.add(message, { state: 'kept', text: '{"b":1}' });
  const texts = () => Promise.all([first, second, third].map((number) => textAt(store, number)));
  const before = await texts();
  fill(store, 20_000);
  await store.settled();
  expect(await texts()).toEqual(before);
  expect(before).toEqual([
    { state: 'kept', text: '{"a":"é漢😀"}' },
    { state: 'withheld' },
    { state: 'kept', text: '{"b":1}' },
  ]);
});
