import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { StorageManagement } from '../platform/platform.ts';
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts';
import { createStorageRoom, type Room } from './storage-room.ts';

let clock: FakeClock;
let told: Room[];
beforeEach(() => {
  clock = createFakeClock();
  told = [];
});

/** A browser, and what it is asked. */
function browser(answers: Partial<StorageManagement>) {
  const manager = {
    estimate: vi.fn(answers.estimate ?? (() => Promise.resolve({ usage: 10, quota: 1_000 }))),
    persisted: vi.fn(answers.persisted ?? (() => Promise.resolve(false))),
    persist: vi.fn(answers.persist ?? (() => Promise.resolve(true))),
  };
  return { manager, room: roomOf(manager) };
}

const roomOf = (manager: StorageManagement | undefined) =>
  createStorageRoom({ manager, clock, told: (room) => told.push(room) });
const untilTold = (room: Room) => vi.waitFor(() => expect(told.at(-1)).toStrictEqual(room));
/** What was answered has been heard. */
const answered = () => new Promise((resolve) => setImmediate(resolve));

describe('how much room there is', () => {
  it('is told as the browser says it', async () => {
    const { room } = browser({});
    room.look();
    await untilTold({ usedBytes: 10, quotaBytes: 1_000, persisted: false });
  });

  it('is told as far as the browser says it', async () => {
    const { room } = browser({ estimate: () => Promise.resolve({ usage: 0 }) });
    room.look();
    await untilTold({ usedBytes: 0, persisted: false });
  });

  it('is asked for once a minute, however often it is looked at', () => {
    const { manager, room } = browser({});
    for (let time = 0; time < 3; time++) room.look();
    clock.advance(59_999);
    room.look();
    expect(manager.estimate).toHaveBeenCalledTimes(1);
    clock.advance(1);
    room.look();
    expect(manager.estimate).toHaveBeenCalledTimes(2);
  });
});

describe('whether the browser keeps what is here', () => {
  it('is asked of it once, when there is something to keep', async () => {
    const { manager, room } = browser({});
    room.look();
    await answered();
    expect(manager.persist).not.toHaveBeenCalled();
    room.keep();
    room.keep();
    await untilTold({ usedBytes: 10, quotaBytes: 1_000, persisted: true });
    expect(manager.persist).toHaveBeenCalledTimes(1);
  });

  it('is no question to the person where it does already', async () => {
    const { manager, room } = browser({ persisted: () => Promise.resolve(true) });
    room.keep();
    await untilTold({ persisted: true });
    await answered();
    expect(manager.persist).not.toHaveBeenCalled();
  });

  it('is said before the person has answered, and is no where they refuse', async () => {
    let refuse = () => {};
    const persist = () => new Promise<boolean>((resolve) => (refuse = () => resolve(false)));
    const { room } = browser({ persist });
    room.keep();
    await untilTold({ persisted: false });
    refuse();
    await answered();
    expect(told).toEqual([{ persisted: false }, { persisted: false }]);
  });
});

describe('a browser that does not say', () => {
  it('is asked nothing where it has no answers', async () => {
    const room = roomOf(undefined);
    room.look();
    room.keep();
    await answered();
    expect(told).toEqual([]);
  });

  it('leaves out what it refuses, and says the rest', async () => {
    const refuse = () => Promise.reject(new TypeError('refused'));
    const { room } = browser({ estimate: refuse, persist: refuse });
    room.look();
    room.keep();
    await untilTold({ persisted: false });
    await answered();
    expect(told).toEqual([{ persisted: false }, { persisted: false }]);
  });
});

describe('at a person’s wish', () => {
  it('is measured at once, and says when', async () => {
    const { manager, room } = browser({});
    expect(room.measuredAtMs).toBeUndefined();
    room.look();
    await untilTold({ usedBytes: 10, quotaBytes: 1_000, persisted: false });
    clock.advance(5);
    await room.lookNow();
    expect(manager.estimate).toHaveBeenCalledTimes(2);
    expect(room.measuredAtMs).toBe(clock.nowMs());
  });

  it('is asked to be kept again, also after a refusal', async () => {
    const answers = [false, true];
    const { room } = browser({ persist: () => Promise.resolve(answers.shift() ?? false) });
    expect(await room.keepNow()).toBe(false);
    expect(await room.keepNow()).toBe(true);
    expect(told.at(-1)).toEqual({ persisted: true });
    expect(await roomOf(undefined).keepNow()).toBeUndefined();
  });
});
