import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { Clock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import { createDirectory } from '../../../../test/support/relay/temporary-storage.ts';
import { manualClock } from '../../../../test/support/relay/stepped-clock.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import type { Database } from '../database.ts';
import { openMemoryDatabase } from '../pglite-database.ts';
import { rememberStorage, type StorageMemoryOptions } from './remember-storage.ts';
import { readStateFile } from './state-file.ts';
import { addMark, hasMark } from './storage-marks.ts';
import { trackStorage, type StorageTrack } from '../storage-track.ts';

let database: Database;
let track: StorageTrack;
beforeAll(async () => {
  database = await openMemoryDatabase();
  track = await trackStorage(database, () => {});
  await addMark(database);
});
afterAll(() => database.close());

const startIn = (stateDirectory: string, clock: Clock, others: Partial<StorageMemoryOptions> = {}) =>
  rememberStorage({
    ...{ database, track, renewEpoch: () => track.renew() },
    ...{ stateDirectory, clock, logger: silentLogger, ...others },
  });

async function remember(isCurrent = true) {
  const stateDirectory = await createDirectory();
  const clock = manualClock();
  const memory = await startIn(stateDirectory, clock, {
    track: Object.create(track, { isCurrent: { value: () => Promise.resolve(isCurrent) } }) as StorageTrack,
  });
  onTestFinished(memory.close);
  const read = async () => (await readStateFile(stateDirectory, track.identity.id))?.mark.number ?? 0;
  return { memory, clock, read };
}

it('adds one mark for all commits of 10 s, and none without a commit', async () => {
  const { memory, clock, read } = await remember();
  const first = await read();
  expect(first).toBeGreaterThan(0);
  clock.tick();
  memory.noteCommit();
  memory.noteCommit();
  expect(await read()).toBe(first);
  clock.tick();
  await expect.poll(read).toBe(first + 1);
  clock.tick();
  await memory.close();
  expect(await read()).toBe(first + 1);
});

it('adds a mark for the latest commits when it closes', async () => {
  const { memory, read } = await remember();
  const first = await read();
  memory.noteCommit();
  await memory.close();
  expect(await read()).toBe(first + 1);
});

it('[RECEIPT-7] renews the epoch of a storage with marks that its state directory does not know, once', async () => {
  const stateDirectory = await createDirectory();
  const clock = createFakeClock();
  const before = track.renewals;
  for (let start = 0; start < 2; start++) {
    const memory = await startIn(stateDirectory, clock);
    await memory.close();
    expect(track.renewals).toBe(before + 1);
  }
});

it('[RECEIPT-7] renews the epoch of a storage that lacks the remembered mark, also if it was renewed more often', async () => {
  const stateDirectory = await createDirectory();
  const clock = createFakeClock();
  const start = async () => {
    const memory = await startIn(stateDirectory, clock);
    await memory.close();
    return track.renewals;
  };
  const first = await start();
  await track.renew();
  expect(await start()).toBe(first + 1);
  // As in another copy.
  await database.write(`update storage_marks set name = name || 'x'`, []);
  await track.renew();
  expect(await start()).toBe(first + 3);
});

it('[RECEIPT-7] leaves the epoch if the state directory cannot be written', async () => {
  const stateDirectory = join(await createDirectory(), 'file');
  await writeFile(stateDirectory, '');
  const before = track.renewals;
  const clock = createFakeClock();
  const memory = await startIn(stateDirectory, clock);
  await memory.close();
  expect(track.renewals).toBe(before);
});

it('warns once, without a stack, if the state directory is a file', async () => {
  const stateDirectory = join(await createDirectory(), 'file');
  await writeFile(stateDirectory, '');
  const warn = vi.fn();
  const clock = manualClock();
  const logger = { ...silentLogger, warn };
  const memory = await startIn(stateDirectory, clock, { logger });
  memory.noteCommit();
  await memory.close();
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(/will not notice a restored storage until .* STATE_DIR/),
      { directory: stateDirectory, reason: expect.stringContaining('ENOTDIR') as string },
    ],
  ]);
});

it('leaves no timer for a commit after it closed', async () => {
  const clock = createFakeClock();
  const stateDirectory = await createDirectory();
  const memory = await startIn(stateDirectory, clock);
  await memory.close();
  memory.noteCommit();
  expect(clock.waiting).toBe(0);
});

it.each([
  ['keeps what it remembers while the storage lacks that and more', false],
  ['renews the epoch if the storage lacks nothing but the mark', true],
])('%s', async (_, isCurrent) => {
  const { memory, clock, read } = await remember(isCurrent);
  const [first, before] = [await read(), track.renewals];
  await database.write('delete from storage_marks where number = $1', [first]);
  memory.noteCommit();
  clock.tick();
  if (isCurrent) await expect.poll(() => track.renewals).toBe(before + 1);
  await memory.close();
  expect(track.renewals).toBe(isCurrent ? before + 1 : before);
  expect(await read()).toBe(first);
  const left = await database.query('select from storage_marks where number >= $1', [first]);
  expect(left).toHaveLength(isCurrent ? 1 : 0);
});

it('takes a mark that is no longer kept for present, and a later one for lost', async () => {
  const { number } = await addMark(database);
  const old = { number, name: 'forgotten' };
  expect(await hasMark(database.query, old)).toBe(false);
  await database.write('insert into storage_marks values ($1, $2)', [number + 20_000, 'later']);
  await addMark(database);
  expect(await hasMark(database.query, old)).toBe(true);
  expect(await hasMark(database.query, { number: number + 20_002, name: 'lost' })).toBe(false);
});
