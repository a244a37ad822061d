import { expect, it, vi } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { createSyncEvents } from '../../sync/sync-events.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createDroppedLog } from './dropped-log.ts';
import { until } from '../../../test/support/until.ts';

it('counts what was left out by relay, and lists the newest with its reason, each once', async () => {
  const [clock, events, onChange] = [createFakeClock(), createSyncEvents(), vi.fn()];
  const log = createDroppedLog({
    inspection: { onEvent: (listener) => events.tap(listener) },
    clock,
    onChange,
  });
  const drop = (peerID: string, index: number) =>
    events.emit('dropped', {
      peerID,
      id: 'co_zA',
      sessionID: `co_zB_session_z${index}`,
      reason: 'Elsewhere.',
    });
  events.emit('connect', { peerID: 'eu' });
  for (let index = 0; index < 25; index++) drop('eu', index);
  drop('us', 0);
  await until(() => expect(log.of('us').sessions).toBe(1));
  expect(log.of('eu')).toMatchObject({
    sessions: 25,
    latest: { 0: { atMs: clock.nowMs(), id: 'co_zA', sessionID: 'co_zB_session_z24', reason: 'Elsewhere.' } },
  });
  expect(log.of('eu').latest).toHaveLength(20);
  expect(log.of('other')).toEqual({ sessions: 0, latest: [] });
  expect(onChange).toHaveBeenCalledTimes(26);
  drop('eu', 20);
  await until(() => expect(log.of('eu').latest[0]?.sessionID).toBe('co_zB_session_z20'));
  expect(log.of('eu').sessions).toBe(25);
  expect(new Set(log.of('eu').latest.map(({ sessionID }) => sessionID)).size).toBe(20);
  log.close();
  drop('us', 1);
  await Promise.resolve();
  expect(log.of('us').sessions).toBe(1);
});

it('remembers the last refusal by relay', async () => {
  const [clock, events] = [createFakeClock(5), createSyncEvents()];
  const log = createDroppedLog({
    inspection: { onEvent: (listener) => events.tap(listener) },
    clock,
    onChange: () => {},
  });
  expect(log.lastRefusalOf('eu')).toBeUndefined();
  events.refused('eu', undefined, createKernelError('RELAY_LIMIT', 'full'));
  events.refused('eu', 'co_zA', createKernelError('RELAY_REFUSED', 'no'));
  await until(() =>
    expect(log.lastRefusalOf('eu')).toEqual({
      ...{ atMs: 5, id: 'co_zA' },
      error: { code: 'RELAY_REFUSED', message: 'no' },
    }),
  );
  expect(log.lastRefusalOf('us')).toBeUndefined();
  log.close();
});
