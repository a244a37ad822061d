import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import { gone, presenceOf, spoken, state } from '../../../test/support/relay/presence-frames.ts';
import { serveStub } from '../../../test/support/relay/serve-stub.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { PresenceStateFrame } from '../../wire/frames.ts';
import type { Relay } from '../index.ts';
import { createPresenceRooms, deliveriesPerSecond, type RoomMember } from './presence-rooms.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay({ storage: 'memory:' });
}, 120_000);
afterAll(() => relay.close());

/** A client that is in the room. The others there have received its state. */
async function enter(id: string, name: string, others: readonly RawClient[] = []): Promise<RawClient> {
  const client = await openRawClient(relay.url);
  client.send(state(id, name));
  await Promise.all(others.map((other) => other.waitFor(state(id, name))));
  return client;
}

/** What was sent before has been read. */
async function roundTrip(client: RawClient, t: number): Promise<void> {
  client.send({ maia: 'echo', t });
  await client.waitFor({ maia: 'echoed', t });
}

it('[PRES-1] passes a state on to the others in the room of its CoValue, and to no other client', async () => {
  const id = 'co_zRoom1';
  const alice = await enter(id, 'A');
  const bob = await enter(id, 'B', [alice]);
  const other = await openRawClient(relay.url);
  other.send(state('co_zAnother', 'C'));
  const bystander = await openRawClient(relay.url);
  alice.send({ ...state(id, 'A', 2), more: 'x' });
  await bob.waitFor({ from: state(id, 'A').from, atMs: 2 });
  expect(presenceOf(bob)).toEqual([state(id, 'A', 2)]);
  await roundTrip(alice, 1);
  await roundTrip(other, 1);
  await roundTrip(bystander, 1);
  expect(presenceOf(alice)).toEqual([state(id, 'B')]);
  expect([...presenceOf(other), ...presenceOf(bystander)]).toEqual([]);
});

it('announces in hello that it passes presence on', async () => {
  const [hello] = (await openRawClient(relay.url)).received;
  expect(hello).toMatchObject({ maia: 'hello', presence: true });
});

it('[PRES-2] sends `gone` when a session leaves, when its connection ends, and when another takes its place there', async () => {
  const id = 'co_zRoom3';
  const alice = await enter(id, 'A');
  const bob = await enter(id, 'B', [alice]);
  bob.send(gone(id, 'B'));
  await alice.waitFor(gone(id, 'B'));
  bob.send(state(id, 'B', 2));
  await alice.waitFor(state(id, 'B', 2));
  bob.send(state(id, 'C'));
  await alice.waitFor(state(id, 'C'));
  bob.socket.terminate();
  await alice.waitFor(gone(id, 'C'));
  expect(spoken(alice)).toEqual(['B', '-B', 'B', '-B', 'C', '-C']);
});

it('[PRES-2] sends no `gone` for a session that another connection speaks for, whoever sends it', async () => {
  const id = 'co_zRoom4';
  const alice = await enter(id, 'A');
  const bob = await enter(id, 'B', [alice]);
  const forger = await enter(id, 'B');
  forger.send(gone(id, 'B'));
  await roundTrip(forger, 1);
  forger.send(gone(id, 'A'));
  forger.send(state(id, 'B'));
  await roundTrip(forger, 2);
  forger.socket.terminate();
  await enter(id, 'C', [alice, bob]);
  expect(spoken(alice).filter((name) => name.startsWith('-'))).toEqual([]);
  bob.socket.terminate();
  await alice.waitFor(gone(id, 'B'));
});

it('[PRES-3] drops what exceeds 30 frames a second, says so once, and serves the client and others on', async () => {
  const id = 'co_zRoom5';
  const alice = await enter(id, 'A');
  const flooder = await openRawClient(relay.url);
  for (let sent = 0; sent < 5_000; sent++) flooder.send(state(id, 'F', sent));
  await roundTrip(flooder, 1);
  await until(() => expect(presenceOf(alice).length).toBeGreaterThanOrEqual(30));
  await roundTrip(alice, 1);
  // 30 at once, and 30 for each second that the relay takes to read them.
  expect(presenceOf(alice).length).toBeLessThan(1_000);
  const refusals = flooder.received.filter(({ maia }) => maia === 'refused');
  expect(refusals).toEqual([
    expect.objectContaining({
      code: 'limit',
      closing: false,
      reason: expect.stringContaining('30 presence') as unknown,
    }),
  ]);
  await enter(id, 'B', [alice]);
});

it('[WIRE-8] disconnects a client that sends 1 MB in a frame', async () => {
  const id = 'co_zRoom6';
  const alice = await enter(id, 'A');
  const hostile = await openRawClient(relay.url);
  hostile.send({ ...state(id, 'H'), data: 'x'.repeat(1_000_000) });
  await hostile.waitFor({ maia: 'refused', code: 'invalid', closing: true });
  await roundTrip(alice, 1);
  expect(presenceOf(alice)).toEqual([]);
});

it('[PRES-6] drops what a client does not read in time, and queues no content behind it', async () => {
  const id = 'co_zRoom8';
  const allowed = { isTakenDown: () => false, isBarred: () => false };
  const presence = createPresenceRooms({ ...allowed, clock: createFakeClock(), publish() {} });
  const [slow, other] = [serveStub({ presence }), serveStub({ presence })];
  const say = (client: typeof slow, atMs: number) =>
    client.socket.emit(
      'message',
      Buffer.from(JSON.stringify(state(id, client === slow ? 'S' : 'A', atMs))),
      false,
    );
  const timesIn = ({ sent }: typeof slow) => sent.flatMap((text) => text.match(/(?<="atMs":)\d+/g) ?? []);
  say(slow, 1);
  slow.socket.bufferedAmount = 60_000;
  say(other, 2);
  slow.socket.bufferedAmount = 0;
  say(other, 3);
  say(slow, 4);
  await until(() => expect(timesIn(other)).toEqual(['4']));
  await until(() => expect(timesIn(slow)).toEqual(['3']));
});

describe('[PRES-12] a relay', () => {
  const { room, relay: inAll } = deliveriesPerSecond;

  function openRooms() {
    const clock = createFakeClock();
    const allowed = { isTakenDown: () => false, isBarred: () => false };
    const rooms = createPresenceRooms({ ...allowed, clock, publish() {} });
    let delivered: string[] = [];
    const enter = () => ({ offer: (text: string) => void delivered.push(text) });
    const say = (member: RoomMember, id: string, name: string, atMs: number) =>
      rooms.pass(member, state(id, name, atMs) as PresenceStateFrame);
    return {
      ...{ rooms, clock, enter, say },
      deliveredBy(act: () => void): readonly string[] {
        delivered = [];
        act();
        return delivered;
      },
    };
  }

  it('drops what a large room, or all rooms together, would send too often, and goes on when there is time', () => {
    const { clock, enter, say, deliveredBy } = openRooms();
    const members = Array.from({ length: 100 }, enter);
    const all = (id: string, atMs: number) =>
      members.forEach((member, index) => say(member, id, `M${index}`, atMs));
    all('co_zLarge', 1);
    clock.advance(10_000);
    const atOnce = deliveredBy(() => all('co_zLarge', 2));
    expect(atOnce.length).toBeLessThanOrEqual(room);
    expect(atOnce.length).toBeGreaterThan(room * 0.8);
    const elsewhere = deliveredBy(() => {
      for (let index = 0; index < 20; index++) all(`co_zOther${index}`, 1);
    });
    expect(elsewhere.length).toBeLessThanOrEqual(inAll);
    expect(elsewhere.length).toBeGreaterThan(inAll * 0.6);
    clock.advance(10_000);
    expect(deliveredBy(() => all('co_zLarge', 3)).length).toBeGreaterThan(room * 0.8);
  });

  it('lets a flood silence no other client of the room, and counts nothing for a client that is alone', () => {
    const { clock, enter, say, deliveredBy } = openRooms();
    const [flooder, quiet, other, alone] = [enter(), enter(), enter(), enter()];
    for (const [index, member] of [flooder, quiet, other].entries()) say(member, 'co_zRoom', `M${index}`, 1);
    clock.advance(10_000);
    for (let sent = 0; sent < 50_000; sent++) say(alone, 'co_zAlone', 'A', sent);
    const flood = deliveredBy(() => {
      for (let sent = 0; sent < 5_000; sent++) say(flooder, 'co_zRoom', 'M0', sent);
    });
    expect(flood.length).toBeGreaterThan(room * 0.4);
    expect(deliveredBy(() => say(flooder, 'co_zRoom', 'M0', 9_000))).toEqual([]);
    expect(deliveredBy(() => say(quiet, 'co_zRoom', 'M1', 2))).toHaveLength(2);
  });

  it('passes on in a room of any size', () => {
    const { clock, enter, say, deliveredBy } = openRooms();
    const members = Array.from({ length: room + 100 }, enter);
    for (const [index, member] of members.entries()) say(member, 'co_zHuge', `M${index}`, 1);
    clock.advance(10_000);
    const [first = enter()] = members;
    expect(deliveredBy(() => say(first, 'co_zHuge', 'M0', 2))).toHaveLength(members.length - 1);
  });
});
