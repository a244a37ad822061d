import { describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import type { PeerPhase, PeerStatus } from '../../sync/peer-status.ts';
import { createRelayLog } from './relay-log.ts';

const silent = createKernelError(
  'RELAY_SILENT',
  'The relay said nothing for 10 s. It is tried again by itself.',
);
const peer = (phase: PeerPhase, url = 'wss://relay.example:4203/sync'): PeerStatus => ({
  id: 'p1',
  url,
  ...phase,
});

const inspected = { id: 'p1', bufferedBytes: 0, unacknowledgedMessages: 0, receivedAtMs: 1_500 };

describe('relay log', () => {
  it('dates a phase from its start, and a lost connection over all phases without one', () => {
    const log = createRelayLog();
    log.note([peer({ phase: 'connected', sinceMs: 900 })], 1_000);
    expect(log.relays[0]).toMatchObject({ phase: 'connected', phaseSinceMs: 900 });
    expect(log.relays[0]).not.toHaveProperty('disconnectedSinceMs');
    const contradiction = { why: 'rollback' } as PeerStatus['contradiction'];
    log.note([{ ...peer({ phase: 'connected', sinceMs: 900 }), contradiction }] as PeerStatus[], 1_500);
    expect(log.relays[0]).toMatchObject({ contradiction: 'rollback' });
    const quota = { usedBytes: 1, coValues: 3, usedCoValues: 2 };
    log.note([{ ...peer({ phase: 'connected', sinceMs: 900 }), quota }], 1_500);
    expect(log.relays[0]).toMatchObject({ quota });

    log.note([peer({ phase: 'waiting', attempt: 1, retryAtMs: 9_000, error: silent })], 2_000);
    log.note([peer({ phase: 'connecting', attempt: 2 })], 9_000);
    expect(log.relays[0]).toMatchObject({ phaseSinceMs: 9_000, disconnectedSinceMs: 2_000, attempt: 2 });
    expect(log.relays[0]).not.toHaveProperty('retryAtMs');

    log.note([peer({ phase: 'connected', sinceMs: 9_500, roundTripMs: 31 })], 9_500);
    expect(log.relays[0]).not.toHaveProperty('disconnectedSinceMs');
    expect(log.relays[0]).toMatchObject({ roundTripMs: 31 });
  });

  it('keeps the cause of an outage through the next attempts, until one succeeds', () => {
    const log = createRelayLog({ urlSource: () => 'page', peerOf: () => inspected, momentOf: (ms) => ms });
    log.note([peer({ phase: 'connecting', attempt: 1 })], 1_000);
    expect(log.relays[0]).not.toHaveProperty('outage');
    log.note([peer({ phase: 'waiting', attempt: 1, retryAtMs: 9_000, error: silent })], 2_000);
    log.note([peer({ phase: 'connecting', attempt: 2 })], 9_000);
    expect(log.relays[0]).toMatchObject({
      urlSource: 'page',
      outage: { kind: 'relay-silent', sinceMs: 1_500 },
    });
    log.note([peer({ phase: 'connected', sinceMs: 9_500 })], 9_500);
    expect(log.relays[0]).not.toHaveProperty('outage');
  });

  it('lists a bounded number of changes with their errors, newest first', () => {
    const log = createRelayLog();
    log.note([peer({ phase: 'connecting', attempt: 1 })], 1);
    log.note([peer({ phase: 'waiting', attempt: 1, retryAtMs: 3, error: silent })], 2);
    log.note([peer({ phase: 'waiting', attempt: 1, retryAtMs: 3, error: silent })], 3);
    expect(log.changesOf('p1')).toEqual([
      {
        atMs: 2,
        from: 'connecting',
        to: 'waiting',
        error: { code: 'RELAY_SILENT', message: silent.message },
      },
    ]);
    for (let atMs = 10; atMs < 400; atMs++) {
      log.note([peer(atMs % 2 ? { phase: 'offline' } : { phase: 'connecting', attempt: 1 })], atMs);
    }
    expect(log.changesOf('p1').length).toBe(50);
    expect(log.changesOf('p1')[0]?.atMs).toBe(399);
    log.note([], 400);
    expect(log.changesOf('p1')).toEqual([]);
  });

  it.each([
    [
      'wss://me:secret@relay.example/sync/app?token=secret#secret',
      'relay.example',
      'wss://relay.example/sync/app',
    ],
    ['ws://localhost:4203/sync', 'localhost:4203', 'ws://localhost:4203/sync'],
    ['not a url?token=secret', 'not a url', 'not a url'],
  ])('shows of %s no credentials and no query', (url, host, shown) => {
    const log = createRelayLog();
    log.note([peer({ phase: 'offline' }, url)], 1);
    expect(log.relays[0]).toMatchObject({ host, url: shown });
  });
});
