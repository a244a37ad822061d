import { expect, it } from 'vitest';
import type { Peer } from '../../src/inspect/snapshot/relay-facts.ts';
import { describeContradiction, factsOf } from './peer-text.ts';
import { phasesOf } from './phases.ts';

const nowMs = 1_700_000_000_000;
const peer: Peer = {
  ...{ id: 'eu', host: 'eu.example', url: 'wss://eu.example/sync' },
  ...{ phase: 'connected', phaseSinceMs: nowMs - 60_000, promises: 'unknown' },
  ...{ sent: { messages: 0, bytes: 0 }, received: { messages: 0, bytes: 0 } },
  ...{ bufferedBytes: 0, unacknowledgedMessages: 0, roundTrips: { endMs: nowMs, values: [] } },
  ...{ changes: [], failedRequests: [], dropped: { sessions: 0, latest: [] } },
};
const fact = (label: string, change: Partial<Peer> = {}) =>
  factsOf({ ...peer, ...change }, nowMs).find((one) => one.label === label);

it('does not deny what happened before the panel was mounted', () => {
  expect(fact('Attempt')?.words).toBe('succeeded');
  const connecting = phasesOf(peer, nowMs).find(({ phase }) => phase === 'connecting');
  expect(connecting?.words).toBe('not seen');
});

it('includes refusals and the present phase in the last failure', () => {
  const refused = { code: 'RELAY_REFUSED', message: 'no' };
  const silent = { code: 'RELAY_SILENT', message: 'no' };
  expect(fact('Last failure')?.words).toBe('none seen');
  const lastRefusal = { atMs: nowMs - 3_000, error: refused };
  expect(fact('Last failure', { lastRefusal })).toMatchObject({ code: 'RELAY_REFUSED', words: '3 s ago' });
  const changes = [{ atMs: nowMs - 1_000, from: 'connected', to: 'waiting', error: silent }] as const;
  expect(fact('Last failure', { lastRefusal, changes })).toMatchObject({ code: 'RELAY_SILENT' });
  expect(fact('Last failure', { phase: 'failed', error: refused })).toMatchObject({ words: '1 min ago' });
});

it.each([
  [
    { bytes: 1_000_000, usedBytes: 250_000, usedCoValues: 7 },
    '250 kB of 1.0 MB at the last sign-in',
    'plain',
  ],
  [
    { usedBytes: 5, coValues: 2_000, usedCoValues: 1_500 },
    '1,500 of 2,000 CoValues at the last sign-in',
    'plain',
  ],
  [
    { bytes: 1_000, usedBytes: 2_000, coValues: 9, usedCoValues: 1 },
    '2.0 kB of 1.0 kB, 1 of 9 CoValues at the last sign-in',
    'warn',
  ],
  [{ usedBytes: 1, coValues: 1, usedCoValues: 1 }, '1 of 1 CoValue at the last sign-in', 'warn'],
])('shows the quota %j in one line', (quota, words, tone) => {
  expect(fact('Quota', { quota })).toEqual({ label: 'Quota', words, tone });
  expect(fact('Quota')).toBeUndefined();
});

it('shows what a relay has proved against itself, and what to do', () => {
  expect(describeContradiction(peer)).toBeUndefined();
  expect(describeContradiction({ ...peer, contradiction: 'rollback' })).toEqual({
    cause: 'The signatures of eu.example prove that its storage went back to an earlier state.',
    next: expect.stringMatching(/^Open the app once on each device/) as string,
  });
  expect(describeContradiction({ ...peer, contradiction: 'split-view' })?.cause).toMatch(/different states/);
});
