import { expect, it } from 'vitest';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { FrameReader } from './frame-reader.ts';
import { createReadTurns } from './read-turns.ts';

it('[RELAY-37] a client that has to wait for memory is held up, so that it counts neither as silent nor as slow', () => {
  let mustWait = false;
  const socket = {
    isPaused: false,
    pause: () => void (socket.isPaused = true),
    resume: () => void (socket.isPaused = false),
  };
  const reader = new FrameReader({
    socket,
    turn: createReadTurns().open(),
    bytesPerSecond: 1_000,
    clock: createFakeClock(),
    handle: () => false,
    handlePart: () => false,
    mayRead: () => !mustWait,
    mayReceive: () => !mustWait,
    holds() {},
    inbox: { hasWaiting: () => false, handOn: () => true },
    throttled() {},
  });
  expect(reader.isHeldUp()).toBe(false);
  mustWait = true;
  reader.resume();
  expect([socket.isPaused, reader.isHeldUp()]).toEqual([true, true]);
  mustWait = false;
  reader.resume();
  expect([socket.isPaused, reader.isHeldUp()]).toEqual([false, false]);
  mustWait = true;
  reader.stop();
  expect([socket.isPaused, reader.isHeldUp()]).toEqual([false, false]);
});
