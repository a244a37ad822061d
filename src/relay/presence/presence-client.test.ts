import { expect, it } from 'vitest';
import { gone, state } from '../../../test/support/relay/presence-frames.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { PresenceFrame } from '../../wire/frames.ts';
import {
  createPresenceClient,
  framesPerSecond,
  maxRooms,
  type PresenceClientOptions,
} from './presence-client.ts';
import { createPresenceRooms, silenceMs } from './presence-rooms.ts';

const id = 'co_zRoom';

/** A relay on which a client has some rights, and another one all of them. */
function serve(options: Partial<PresenceClientOptions> = {}) {
  const clock = createFakeClock();
  const allowed = { isTakenDown: () => false, isBarred: () => false };
  const rooms = createPresenceRooms({ ...allowed, clock, publish() {} });
  const all = {
    mayLoad: () => true,
    accountID: () => undefined,
    isBarred: () => false,
    notify() {},
    holds() {},
  };
  const open = (given: Partial<PresenceClientOptions>) => {
    const received: unknown[] = [];
    const notices: string[] = [];
    let bytes = 0;
    const client = createPresenceClient({
      ...{ ...all, rooms, clock },
      offer: (text) => void received.push(JSON.parse(text)),
      notify: (code) => void notices.push(code),
      holds: (held) => void (bytes = held),
      ...given,
    });
    const send = (frame: object) => client.take(frame as PresenceFrame);
    return { send, received, notices, close: client.close, bytes: () => bytes };
  };
  const other = open({});
  other.send(state(id, 'O'));
  return { clock, rooms, other, client: open(options) };
}

it('[PRES-4] gives a room to who may load its CoValue, and answers others nothing', async () => {
  const decide = new Map<string, boolean>([['co_zYes', true]]);
  const { client, other } = serve({ mayLoad: (asked) => Promise.resolve(decide.get(asked) === true) });
  other.send(state('co_zYes', 'O'));
  client.send(state(id, 'A'));
  client.send(state('co_zYes', 'A', 1));
  client.send(state('co_zYes', 'A', 2));
  await Promise.resolve();
  await Promise.resolve();
  other.send(state(id, 'O', 2));
  other.send(state('co_zYes', 'O', 2));
  expect(other.received).toEqual([state('co_zYes', 'A', 2)]);
  expect(client.received).toEqual([state('co_zYes', 'O', 2)]);
  expect(client.notices).toEqual([]);

  // Each frame is checked, so that what the client may load no more ends.
  decide.clear();
  client.send(state('co_zYes', 'A', 3));
  await Promise.resolve();
  await Promise.resolve();
  other.send(state('co_zYes', 'O', 3));
  expect(client.received).toHaveLength(1);
  expect(other.received.slice(1)).toEqual([gone('co_zYes', 'A')]);
});

it('[PRES-4] passes nothing on for an account that is blocked, and gives it nothing more', () => {
  const barred = new Set<string>();
  const { client, other } = serve({ isBarred: (accountID) => barred.has(accountID) });
  client.send(state(id, 'B', 1, 'co_zBarred'));
  barred.add('co_zBarred');
  client.send(state(id, 'B', 2, 'co_zBarred'));
  other.send(state(id, 'O', 2));
  expect(client.received).toEqual([]);
  expect(other.received.splice(0)).toEqual([state(id, 'B', 1, 'co_zBarred'), gone(id, 'B', 'co_zBarred')]);
  client.send(state(id, 'A', 1, 'co_zBarred'));
  expect(other.received).toEqual([]);
  client.send(state(id, 'A', 1, 'co_zOther'));
  expect(other.received).toHaveLength(1);
});

it('[PRES-4] lets a client that has proved its account speak for no other one', () => {
  const { client, other } = serve({ accountID: () => 'co_zMe' });
  client.send(state(id, 'A', 1, 'co_zOther'));
  client.send(state(id, 'A', 1, 'co_zMe2'));
  expect(other.received).toEqual([]);
  expect(client.notices).toEqual(['forbidden']);
  client.send(state(id, 'A', 1, 'co_zMe'));
  expect(other.received).toEqual([state(id, 'A', 1, 'co_zMe')]);
});

it('[PRES-3] takes 30 frames at once, and 30 more in each second', () => {
  const { client, other, clock } = serve();
  const flood = () => {
    for (let sent = 0; sent < 100; sent++) client.send(state(id, 'A', sent));
    return other.received.length;
  };
  expect(flood()).toBe(framesPerSecond);
  expect(flood()).toBe(framesPerSecond);
  clock.advance(500);
  expect(flood()).toBe(1.5 * framesPerSecond);
  clock.advance(60_000);
  expect(flood()).toBe(2.5 * framesPerSecond);
  expect(client.notices).toEqual(['limit', 'limit']);
  client.send(gone(id, 'A'));
  expect(other.received.at(-1)).toEqual(gone(id, 'A'));
});

it('[PRES-3] takes 1,000 rooms of a client, counts their memory, and gives it back', () => {
  const { client, clock } = serve();
  for (let room = 0; room < maxRooms; room++) {
    clock.advance(100);
    client.send(state(`co_z${room}`.replaceAll('0', 'x'), 'A'));
  }
  expect(client.notices).toEqual([]);
  expect(client.bytes()).toBe(maxRooms * 700);
  clock.advance(1_000);
  client.send(state('co_zOneMore', 'A'));
  expect(client.notices).toEqual(['limit']);
  expect(client.bytes()).toBe(maxRooms * 700);
  client.send(state('co_zx', 'A'));
  client.close();
  expect(client.bytes()).toBe(0);
});

it('[PRES-4] gives nothing more to a client that only listens, and has been silent for long', () => {
  const { client, other, clock } = serve();
  client.send(state(id, 'A'));
  clock.advance(silenceMs - 1);
  other.send(state(id, 'O', 2));
  expect(client.received).toHaveLength(1);
  clock.advance(1);
  other.send(state(id, 'O', 3));
  expect(client.received).toHaveLength(1);
  client.send(state(id, 'A', 4));
  other.send(state(id, 'O', 5));
  expect(client.received).toHaveLength(2);
});
