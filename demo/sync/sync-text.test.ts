import { createKernelError, type SyncState } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { type Step } from './rung-steps.ts';
import { syncText } from './sync-text.ts';
import { pendingSince, testError, testNowMs, testState, testStateWithoutDurable } from './test-state.ts';

const two = { known: true, pending: 2 };
const full = testError('STORAGE_FULL');
const relay = { id: 'relay', url: 'wss://relay.example/sync' } as const;
const retrying = { ...relay, attempt: 4, phase: 'connecting' } as const;

/** For each state: the glyph, the text, the tone, and the kind whose changes are announced. */
const rows: readonly [name: string, state: SyncState, expected: string][] = [
  ['starting', testState({ status: 'signed-out' }), 'uuuu Checking this device… | calm starting'],
  [
    'first download, nothing received yet',
    testState({ status: 'syncing', download: { received: 0, caughtUp: false } }),
    'uuuu Getting your lists… | calm getting',
  ],
  [
    'first download',
    testState({ status: 'syncing', download: { received: 412, expected: 1860, caughtUp: false } }),
    'uuuu Getting your lists · 412 of about 1,860 | calm getting',
  ],
  [
    'first download of unknown size',
    testState({ status: 'syncing', download: { received: 412, caughtUp: false } }),
    'uuuu Getting your lists · 412 so far | calm getting',
  ],
  [
    'local edits during the first download',
    testState({
      status: 'syncing',
      download: { received: 412, caughtUp: false },
      sent: { known: true, pending: 1 },
      confirmed: { known: true, pending: 1 },
      durable: { known: true, pending: 1 },
    }),
    'rwww Saved on this device · sending 1 change | calm sending',
  ],
  [
    'comparing with the relay, which may lack more than is counted',
    testStateWithoutDurable('none', {
      status: 'syncing',
      sent: { known: false, pending: 0 },
      confirmed: { known: false, pending: 0 },
    }),
    'ruuu Saved on this device · checking what the relay has | calm connecting',
  ],
  [
    'off',
    testStateWithoutDurable('unknown', { status: 'off' }),
    'ruuu Saved on this device only · no relay is set up | calm off',
  ],
  [
    'paused',
    testState({ status: 'paused', sent: two, confirmed: two, durable: two }),
    'rwww Saved on this device · sending is paused | calm paused',
  ],
  [
    'offline',
    testStateWithoutDurable('unknown', {
      status: 'offline',
      sent: pendingSince(3, 3_600_000),
      confirmed: pendingSince(3, 3_600_000),
    }),
    'rwww Saved on this device · offline, 3 changes waiting | calm offline',
  ],
  [
    'offline, one change',
    testState({
      status: 'offline',
      sent: { known: true, pending: 1 },
      confirmed: { known: true, pending: 1 },
      durable: { known: true, pending: 1 },
    }),
    'rwww Saved on this device · offline, 1 change waiting | calm offline',
  ],
  [
    'offline, nothing to send',
    testState({ status: 'offline' }),
    'rrrr Saved on this device · offline, nothing waiting | calm offline',
  ],
  [
    'offline, while this device is still saving',
    testState({ status: 'offline', saved: two, sent: two, confirmed: two, durable: two }),
    'wwww Saving on this device · offline, 2 changes waiting | calm offline',
  ],
  [
    'paused, on a device that saves nothing',
    testState({ status: 'paused', saved: pendingSince(2, 11_000), sent: two, confirmed: two, durable: two }),
    'swww Saving on this device · still not saved after 11 s | stuck waiting',
  ],
  [
    'connecting',
    testStateWithoutDurable('unknown', { status: 'connecting', sent: two, confirmed: two }),
    'rwww Saved on this device · connecting… | calm connecting',
  ],
  [
    'connecting for a long time, nothing to send',
    testStateWithoutDurable('unknown', { status: 'connecting', peers: [retrying] }),
    'rrru Saved on this device · no answer from the relay yet | calm connecting',
  ],
  [
    'stored, but not counted',
    testState({ notCounted: { count: 2, ids: ['co_z1'] } }),
    'rrrr Stored by the relay · 2 changes do not count | stuck not-counted',
  ],
  [
    'not counted, while the relay still stores another change',
    testState({
      status: 'syncing',
      notCounted: { count: 1, ids: ['co_z1'] },
      durable: { known: true, pending: 1 },
    }),
    'rrrw Confirmed by the relay · being stored | calm storing',
  ],
  [
    'saving',
    testState({ status: 'syncing', saved: two, sent: two, confirmed: two, durable: two }),
    'wwww Saving on this device | calm saving',
  ],
  [
    'syncing',
    testState({ status: 'syncing', sent: two, confirmed: two, durable: two }),
    'rwww Saved on this device · sending 2 changes | calm sending',
  ],
  [
    'sent',
    testState({ status: 'syncing', confirmed: two, durable: two }),
    'rrww Sent to the relay · not confirmed yet | calm sent',
  ],
  [
    'waiting for 9 s is not shown',
    testState({ status: 'syncing', confirmed: pendingSince(2, 9_900), durable: two }),
    'rrww Sent to the relay · not confirmed yet | calm sent',
  ],
  [
    'waiting for a relay that accepts nothing',
    testState({
      status: 'connecting',
      sent: pendingSince(2, 12_400),
      confirmed: pendingSince(2, 12_400),
      durable: two,
    }),
    'rsww Saved on this device · waiting for the relay for 12 s | stuck waiting',
  ],
  [
    'waiting for a relay that confirms nothing',
    testState({ status: 'syncing', confirmed: pendingSince(2, 130_000), durable: two }),
    'rrsw Saved on this device · waiting for the relay for 2 min | stuck waiting',
  ],
  [
    'waiting for a relay that stores nothing',
    testState({ status: 'confirmed', durable: pendingSince(2, 15_000) }),
    'rrrs Confirmed by the relay · still not stored after 15 s | stuck waiting',
  ],
  [
    'waiting for a device that saves nothing',
    testState({ status: 'syncing', saved: pendingSince(1, 11_000) }),
    'srrr Saving on this device · still not saved after 11 s | stuck waiting',
  ],
  [
    'confirmed, durable pending',
    testState({ status: 'syncing', durable: two }),
    'rrrw Confirmed by the relay · being stored | calm storing',
  ],
  [
    'confirmed, no durability promised',
    testStateWithoutDurable('none'),
    'rrru Confirmed by the relay · 2 min ago | calm confirmed',
  ],
  [
    'durability that is not promised is not awaited',
    testStateWithoutDurable('none', { status: 'syncing', confirmed: two }),
    'rrwu Sent to the relay · not confirmed yet | calm sent',
  ],
  ['durable', testState(), 'rrrr Stored by the relay · 2 min ago | calm stored'],
  [
    'storage full, but the relay has the changes',
    testState({
      status: 'failed',
      error: full,
      saved: { known: true, pending: 1, error: full },
      storage: { kind: 'kernel', state: 'failing', error: full },
    }),
    'frrr Not saved: this device’s storage is full | failed not-saved',
  ],
  [
    'storage full, and the relay refuses',
    testState({
      status: 'failed',
      error: testError('RELAY_NOT_A_RELAY'),
      saved: { known: true, pending: 1, error: full },
      sent: two,
      storage: { kind: 'kernel', state: 'failing', error: full },
      peers: [{ ...relay, phase: 'failed', error: testError('RELAY_NOT_A_RELAY') }],
    }),
    'ffww Not saved: this device’s storage is full | failed not-saved',
  ],
  [
    'another storage failure, offline',
    testState({
      status: 'offline',
      saved: { known: true, pending: 1 },
      sent: two,
      confirmed: two,
      durable: two,
      storage: { kind: 'kernel', state: 'failing', error: testError('STORAGE_CLOSED') },
    }),
    'fwww Not saved: the browser closed this device’s storage | failed not-saved',
  ],
  [
    'memory only',
    testState({ storage: { kind: 'memory', state: 'memory-only' } }),
    'urrr Only in this tab: this browser does not store data here · stored by the relay | calm stored',
  ],
  [
    'memory only because another tab blocks the storage',
    testState({
      storage: { kind: 'memory', state: 'memory-only', error: testError('STORAGE_BLOCKED') },
    }),
    'urrr Only in this tab: another tab is blocking this device’s storage · stored by the relay | calm stored',
  ],
  [
    'memory only, offline',
    testState({
      status: 'offline',
      saved: pendingSince(2, 60_000),
      sent: two,
      confirmed: two,
      durable: two,
      storage: { kind: 'memory', state: 'memory-only' },
    }),
    'uwww Only in this tab: this browser does not store data here · offline, 2 changes waiting | calm offline',
  ],
  [
    'a relay that refuses',
    testState({ status: 'failed', error: testError('RELAY_REFUSED', 'too many connections'), sent: two }),
    'rfww Saved on this device · refused by the relay: too many connections | failed refused',
  ],
  [
    'a relay that refuses one change',
    testState({
      status: 'syncing',
      confirmed: { known: true, pending: 1, error: testError('RELAY_LIMIT', 'too large') },
    }),
    'rrfr Saved on this device · refused by the relay: too large | failed refused',
  ],
  [
    'not a relay',
    testState({ status: 'failed', error: testError('RELAY_NOT_A_RELAY') }),
    'rfww Saved on this device · the server at the relay’s address is not a Maia relay | failed refused',
  ],
  [
    'a relay that does not know the session',
    testState({ status: 'failed', error: testError('RELAY_UNAUTHORIZED', 'Sign in again.'), sent: two }),
    'rfww Saved on this device · not signed in at the relay: Sign in again. | failed refused',
  ],
  [
    'no token yet',
    testState({
      status: 'connecting',
      error: testError('RELAY_UNAUTHORIZED', 'No token.'),
      ...{ sent: two, confirmed: two, durable: two },
    }),
    'rwww Saved on this device · not signed in at the relay yet | calm connecting',
  ],
  [
    'blocked by the operator, with attempts that follow',
    testState({
      status: 'connecting',
      error: createKernelError('RELAY_REFUSED', 'Blocked: Spam.', {
        details: { refusal: 'forbidden', reason: 'Spam' },
      }),
      ...{ sent: two, confirmed: two, durable: two },
    }),
    'rwww Saved on this device · refused by the relay: Blocked: Spam. | failed refused',
  ],
  [
    'outdated app',
    testState({ status: 'failed', error: testError('APP_OUTDATED') }),
    'rfww Saved on this device · reload to send: a newer version of Lists is required | failed refused',
  ],
];

describe('the sync line', () => {
  it.each(rows)('%s', (_, state, expected) => {
    const { steps, lead, detail, tone, kind } = syncText(state, testNowMs, testNowMs - 150_000);
    const words = detail === undefined ? lead : `${lead} · ${detail}`;
    expect(`${steps.map(letter).join('')} ${words} | ${tone} ${kind}`).toBe(expected);
  });

  it('never claims that anything is saved if this browser stores nothing', () => {
    for (const [, state] of rows) {
      const words = syncText(
        { ...state, storage: { kind: 'memory', state: 'memory-only' } },
        testNowMs,
        testNowMs,
      );
      expect(`${words.lead} ${words.detail ?? ''}`).not.toMatch(/Saved on this device/);
      expect(words.steps[0]).not.toBe('reached');
    }
  });

  it('never calls edits confirmed or stored while something is wrong', () => {
    const error = testError('RELAY_UNREACHABLE');
    const wrong: readonly Partial<SyncState>[] = [
      ...(['off', 'failed', 'paused', 'offline', 'connecting'] as const).map((status) => ({ status })),
      ...(['saved', 'sent', 'confirmed', 'durable'] as const).flatMap((rung) => [
        { [rung]: pendingSince(1, 0) },
        { [rung]: { ...pendingSince(0, 0), error } },
      ]),
      { confirmed: { known: false, pending: 0 } },
      { notCounted: { count: 1, ids: [] } },
      { storage: { kind: 'kernel', state: 'failing', error } },
    ];
    expect(syncText(testState(), testNowMs, testNowMs).kind).toBe('stored');
    for (const changes of wrong) {
      for (const [name, state] of rows) {
        const { kind } = syncText({ ...state, ...changes }, testNowMs, testNowMs);
        expect(['confirmed', 'stored'], `${name} ${JSON.stringify(changes)}`).not.toContain(kind);
      }
    }
  });

  it('shows a rung as reached only if nothing is pending there', () => {
    for (const [name, state] of rows) {
      const { steps } = syncText(state, testNowMs, testNowMs);
      const rungs = [state.saved, state.sent, state.confirmed, state.durable];
      steps.forEach((step, index) => {
        if (step === 'reached') expect(rungs[index], name).toMatchObject({ known: true, pending: 0 });
      });
    }
  });
});

function letter(step: Step): string {
  return step.charAt(0);
}
