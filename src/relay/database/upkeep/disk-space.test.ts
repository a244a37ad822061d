import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { watchDiskSpace } from './disk-space.ts';
import { until } from '../../../../test/support/until.ts';

const reserveMB = 4;
const ballastBytes = 1_000_000;

/** Little enough for a ballast. */
const littleMB = 20;

async function watch({ freeMB = littleMB, left = 0 } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'maia-disk-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  if (left > 0) await writeFile(join(directory, '.ballast'), Buffer.alloc(left));
  const clock = createFakeClock();
  const disk = { freeMB, looks: 0 };
  const space = await watchDiskSpace({
    directory,
    reserveMB,
    clock,
    logger: silentLogger,
    freeBytes() {
      disk.looks++;
      return Promise.resolve(disk.freeMB * 1_000_000);
    },
  });
  onTestFinished(space.stop);
  /** Resolves after the next look, and what follows from it. */
  async function nextLook(): Promise<void> {
    await until(() => expect(clock.waiting).toBe(1));
    clock.advance(2_000);
    await until(() => expect(clock.waiting).toBe(1));
  }
  const ballast = () =>
    stat(join(directory, '.ballast')).then(
      ({ size }) => size,
      () => 0,
    );
  return { space, clock, disk, nextLook, ballast, directory };
}

it('notices within 2 s that less than the reserve is free, and that there is room again', async () => {
  const { space, disk, nextLook } = await watch();
  expect(space.isShort).toBe(false);
  disk.freeMB = 3;
  await nextLook();
  expect(space.isShort).toBe(true);
  disk.freeMB = 4;
  await nextLook();
  expect(space.isShort).toBe(false);
});

it('knows at the start that the disk is almost full', async () => {
  const { space, ballast, nextLook } = await watch({ freeMB: 3 });
  expect(space.isShort).toBe(true);
  await nextLook();
  expect(await ballast()).toBe(0);
});

it('makes the ballast when there is room, and once', async () => {
  const { ballast, nextLook, directory, disk } = await watch();
  expect(await ballast()).toBe(0);
  await nextLook();
  expect(await ballast()).toBe(ballastBytes);
  const made = await stat(join(directory, '.ballast'));
  await nextLook();
  expect(disk.looks).toBe(3);
  expect((await stat(join(directory, '.ballast'))).mtimeMs).toBe(made.mtimeMs);
  expect(await readdir(directory)).toEqual(['.ballast']);
});

it('makes no ballast while the disk has far more room than the reserve', async () => {
  const { ballast, nextLook, disk } = await watch({ freeMB: 1_000 });
  await nextLook();
  expect(await ballast()).toBe(0);
  disk.freeMB = littleMB;
  await nextLook();
  expect(await ballast()).toBe(ballastBytes);
});

it('completes what a killed relay left of it', async () => {
  const { ballast, nextLook } = await watch({ left: 10 });
  await nextLook();
  expect(await ballast()).toBe(ballastBytes);
});

it('removes the ballast only if a database could not be opened, and makes it again', async () => {
  const { space, disk, ballast, nextLook } = await watch({ left: ballastBytes });
  disk.freeMB = 40;
  await space.makeRoom();
  expect(await ballast()).toBe(ballastBytes);
  disk.freeMB = 3;
  await nextLook();
  expect(await ballast()).toBe(ballastBytes);
  await space.makeRoom();
  expect(await ballast()).toBe(0);
  await nextLook();
  expect(await ballast()).toBe(0);
  disk.freeMB = littleMB;
  await nextLook();
  expect(await ballast()).toBe(ballastBytes);
});

it('takes a disk whose free space is unknown for one with room', async () => {
  const space = await watchDiskSpace({
    directory: join(tmpdir(), 'maia-missing'),
    reserveMB,
    clock: createFakeClock(),
    logger: silentLogger,
  });
  expect(space.isShort).toBe(false);
  space.stop();
});

it('stops', async () => {
  const { space, clock } = await watch();
  space.stop();
  expect(clock.waiting).toBe(0);
});
