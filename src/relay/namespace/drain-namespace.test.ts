import type { LocalNode } from 'cojson';
import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import { drainNamespace } from './drain-namespace.ts';

it('does not wait for content that cannot be stored', async () => {
  const clock = createFakeClock();
  const close = vi.fn(() => Promise.resolve());
  await drainNamespace({
    node: { syncManager: { gracefulShutdown() {} } } as unknown as LocalNode,
    storage: {
      // Earlier content is missing, so it is never committed.
      afterCommit() {},
      onceWritten: (_: unknown, run: () => void) => run(),
      close,
    } as unknown as SqlStorage,
    remembered: undefined,
    usage: undefined,
    connections: new Map(),
    guests: new Set(),
    onceSure: (run) => run(),
    whenAllGone: (run) => run(),
    stop() {},
    clock,
    withinMs: 10_000,
  });
  expect(close).toHaveBeenCalledExactlyOnceWith(10_000);
});
