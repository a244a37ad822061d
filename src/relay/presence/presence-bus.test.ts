import { expect, it } from 'vitest';
import { gone, state } from '../../../test/support/relay/presence-frames.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { PresenceFrame } from '../../wire/frames.ts';
import type { BusTransport, BusTransportListener } from '../bus/bus-transport.ts';
import { createPresenceBus } from './presence-bus.ts';

const turns = () => new Promise((resolve) => setImmediate(resolve));

/** Two relays on one transport, whose texts have at most 1,000 bytes. */
function createRelays() {
  const clock = createFakeClock();
  const listeners: BusTransportListener[] = [];
  const sent: string[] = [];
  let isFailing = false;
  const send = async (text: string) => {
    await turns();
    if (isFailing) throw new Error('The transport is interrupted.');
    sent.push(text);
    for (const { received } of listeners) received(text);
  };
  function open(on: BusTransportListener): Promise<BusTransport> {
    listeners.push(on);
    return Promise.resolve({ maxBytes: 1_000, send, close() {} });
  }
  function join() {
    const received: object[] = [];
    const bus = createPresenceBus({
      ...{ open, clock, logger: silentLogger },
      received: (frame) => void received.push(frame),
    });
    const publish = (frame: object) => bus.publish(frame as PresenceFrame, JSON.stringify(frame));
    return { publish, received, close: bus.close };
  }
  async function pass(ms = 20): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await turns();
    clock.advance(ms);
    for (let turn = 0; turn < 5; turn++) await turns();
  }
  const say = (text: string) => listeners.forEach(({ received }) => received(text));
  return { join, pass, say, sent, listeners, fail: (value: boolean) => void (isFailing = value) };
}

it('[PRES-5] brings frames to the other relays, and none of them back', async () => {
  const { join, pass, listeners } = createRelays();
  const [one, other] = [join(), join()];
  expect(listeners).toEqual([]);
  other.publish(state('co_zR', 'B'));
  one.publish(state('co_zR', 'A'));
  one.publish(gone('co_zR', 'C'));
  await pass();
  expect(other.received).toEqual([state('co_zR', 'A'), gone('co_zR', 'C')]);
  expect(one.received).toEqual([state('co_zR', 'B')]);
});

it('sends only the latest state of a session that waits, in texts within the limit', async () => {
  const { join, pass, sent } = createRelays();
  const [one, other] = [join(), join()];
  other.publish(gone('co_zR', 'Z'));
  for (let at = 1; at <= 100; at++)
    for (const name of ['A', 'B', 'C', 'D', 'E', 'F', 'G']) one.publish(state('co_zR', name, at));
  for (let turn = 0; turn < 10; turn++) await pass();
  expect(other.received).toEqual(
    ['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((name) => state('co_zR', name, 100)),
  );
  expect(Math.max(...sent.map((text) => text.length))).toBeLessThanOrEqual(1_000);
});

it('ignores what strangers say on the bus', async () => {
  const { join, pass, say } = createRelays();
  const relay = join();
  relay.publish(state('co_zR', 'A'));
  await pass();
  const valid = JSON.stringify(state('co_zR', 'S'));
  for (const line of [
    '',
    '{',
    '[]',
    '{"maia":"presence"}',
    '{"action":"load"}',
    '{"maia":"echo","t":1}',
    'x'.repeat(1e6),
  ])
    say(`stranger\n${line}\n${valid}`);
  say('');
  say(valid);
  expect(relay.received).toEqual(Array.from({ length: 7 }, () => state('co_zR', 'S')));
});

it('drops what an interrupted transport does not take, and goes on after it', async () => {
  const { join, pass, fail } = createRelays();
  const [one, other] = [join(), join()];
  other.publish(gone('co_zR', 'Z'));
  await pass();
  fail(true);
  one.publish(state('co_zR', 'A', 1));
  await pass();
  fail(false);
  one.publish(state('co_zR', 'A', 2));
  await pass();
  await pass();
  expect(other.received).toEqual([state('co_zR', 'A', 2)]);
  one.close();
  one.publish(state('co_zR', 'A', 3));
  await pass();
  expect(other.received).toHaveLength(1);
});
