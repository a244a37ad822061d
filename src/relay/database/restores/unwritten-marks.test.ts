import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import type { Database } from '../database.ts';
import { rememberStorage } from './remember-storage.ts';
import type { StorageMark } from './storage-marks.ts';

let written = () => {};
vi.mock('./state-file.ts', () => ({
  readStateFile: () => Promise.resolve(),
  writeStateFile: () => new Promise<void>((resolve) => (written = resolve)),
}));

it('[RECEIPT-7] shows no mark before the state directory has it', async () => {
  const marks: StorageMark[] = [];
  const write = (_: string, [name]: readonly unknown[] = []) => {
    marks.unshift({ number: marks.length + 1, name: String(name) });
    return Promise.resolve([]);
  };
  const query = (sql: string) => Promise.resolve(sql.includes('"isThere"') ? [{ isThere: true }] : marks);
  const clock = createFakeClock();
  const starting = rememberStorage({
    database: { query, write } as Partial<Database> as Database,
    track: {
      ...{ identity: { id: 's', epoch: 'e' }, renewals: 0 },
      ...{ isCurrent: () => Promise.resolve(true), renew: () => Promise.resolve() },
    },
    ...{ stateDirectory: '/nowhere', clock, logger: silentLogger, renewEpoch: () => Promise.resolve() },
  });
  await setImmediate();
  written();
  const memory = await starting;
  onTestFinished(memory.close);
  memory.noteCommit();
  clock.advance(10_000);
  await setImmediate();
  expect(marks).toHaveLength(2);
  let shown: number | undefined;
  void memory.readMarks([]).then((state) => (shown = state?.latest.number));
  await setImmediate();
  expect(shown).toBeUndefined();
  written();
  await setImmediate();
  expect(shown).toBe(2);
});
