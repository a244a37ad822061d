import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { nextTask } from '../../src/base/next-task.ts';
import { describeDeviceStorage, nodeOn, watchDone } from '../support/storage/device-storage-contract.ts';
import { createDeviceDisk, type DeviceDisk } from './device-disk.ts';
import { openDiskStorage } from './disk-storage.ts';
import { createDice } from './random.ts';

const disks = new Map<string, DeviceDisk>();
let last = createDeviceDisk();

function open(accountID = 'an account') {
  last = disks.get(accountID) ?? createDeviceDisk();
  disks.set(accountID, last);
  return Promise.resolve(
    openDiskStorage(last, { clock: systemClock, dice: createDice(1), nextTask, tab: 'tab' }),
  );
}

describe('the disk of a simulated device', () => {
  describeDeviceStorage({
    open,
    failWrites() {
      const disk = last;
      disk.isFailing = true;
      return () => void (disk.isFailing = false);
    },
  });

  it('loses uncommitted writes when the page is killed, and keeps committed ones', async () => {
    const disk = createDeviceDisk();
    let isRunning = true;
    const waiting: (() => void)[] = [];
    const clock: Clock = {
      nowMs: () => 0,
      elapsedMs: () => 0,
      after: (_, run) => (waiting.push(run), () => {}),
    };
    const storage = openDiskStorage(disk, { clock, dice: createDice(1), nextTask, tab: 'tab' });
    const done = watchDone(storage);
    const group = (await nodeOn(storage)).createGroup();
    const turn = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      for (const run of waiting.splice(0)) if (isRunning) run();
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let turns = 0; done.length === 0 && turns < 20; turns++) await turn();
    expect(disk.ids).toEqual([group.id]);
    const map = group.createMap({ word: 'gone' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(storage.queuedContent).toBeGreaterThan(0);
    isRunning = false;
    await turn();
    expect(disk.countsOf(group.id)).toBeDefined();
    expect(disk.countsOf(map.id)).toBeUndefined();
    expect(done).not.toContain(map.id);
  });
});
