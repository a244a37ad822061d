import { type SyncState } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { type Step } from './rung-steps.ts';
import { syncWords } from './sync-text.ts';
import { pendingSince, testError, testNowMs, testState, testStateWithoutDurable } from './test-state.ts';

const two = { pending: 2 };
const full = testError('STORAGE_FULL');
const relay = { id: 'relay', url: 'wss://relay.example/sync' } as const;
const retrying = { ...relay, attempt: 4, phase: 'connecting' } as const;

/** The table of LOOK.md, row by row: the glyph, the words, the tone, the state that is spoken when it changes. */
const rows: readonly [name: string, state: SyncState, said: string][] = [
  ['starting', testState({ status: 'signed-out' }), 'uuuu Looking at this device… | calm starting'],
  [
    'first catch-up, nothing known yet',
    testState({ status: 'syncing', download: { received: 0, caughtUp: false } }),
    'uuuu Getting your lists… | calm getting',
  ],
  [
    'first catch-up',
    testState({ status: 'syncing', download: { received: 412, expected: 1860, caughtUp: false } }),
    'uuuu Getting your lists · 412 of about 1,860 | calm getting',
  ],
  [
    'first catch-up, of an unknown number',
    testState({ status: 'syncing', download: { received: 412, caughtUp: false } }),
    'uuuu Getting your lists · 412 so far | calm getting',
  ],
  [
    'own edits during the first catch-up',
    testState({
      status: 'syncing',
      download: { received: 412, caughtUp: false },
      sent: { pending: 1 },
      confirmed: { pending: 1 },
      durable: { pending: 1 },
    }),
    'rwww Saved on this device · sending 1 change | calm sending',
  ],
  [
    'off',
    testStateWithoutDurable('unknown', { status: 'off' }),
    'ruuu Saved on this device only · no relay is set | calm off',
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
    'rwww Saved on this device · offline, 3 changes wait | calm offline',
  ],
  [
    'offline, one change',
    testState({
      status: 'offline',
      sent: { pending: 1 },
      confirmed: { pending: 1 },
      durable: { pending: 1 },
    }),
    'rwww Saved on this device · offline, 1 change waits | calm offline',
  ],
  [
    'offline, nothing to send',
    testState({ status: 'offline' }),
    'rrrr Saved on this device · offline, nothing waits | calm offline',
  ],
  [
    'connecting',
    testStateWithoutDurable('unknown', { status: 'connecting', sent: two, confirmed: two }),
    'rwww Saved on this device · connecting… | calm connecting',
  ],
  [
    'connecting for long, nothing to send',
    testStateWithoutDurable('unknown', { status: 'connecting', peers: [retrying] }),
    'rrru Saved on this device · no answer from the relay yet | calm connecting',
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
    'waiting for 9 s is not worth a word',
    testState({ status: 'syncing', confirmed: pendingSince(2, 9_900), durable: two }),
    'rrww Sent to the relay · not confirmed yet | calm sent',
  ],
  [
    'waiting with a relay that takes nothing',
    testState({
      status: 'connecting',
      sent: pendingSince(2, 12_400),
      confirmed: pendingSince(2, 12_400),
      durable: two,
    }),
    'rsww Saved on this device · waiting for the relay since 12 s | stuck waiting',
  ],
  [
    'waiting with a relay that confirms nothing',
    testState({ status: 'syncing', confirmed: pendingSince(2, 130_000), durable: two }),
    'rrsw Saved on this device · waiting for the relay since 2 min | stuck waiting',
  ],
  [
    'waiting with a relay that stores nothing',
    testState({ status: 'confirmed', durable: pendingSince(2, 15_000) }),
    'rrrs Confirmed by the relay · not stored since 15 s | stuck waiting',
  ],
  [
    'waiting with a device that saves nothing',
    testState({ status: 'syncing', saved: pendingSince(1, 11_000) }),
    'srrr Saving on this device · waiting for its storage since 11 s | stuck waiting',
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
    'not promised is not waited for',
    testStateWithoutDurable('none', { status: 'syncing', confirmed: two }),
    'rrwu Sent to the relay · not confirmed yet | calm sent',
  ],
  ['durable', testState(), 'rrrr Stored by the relay · 2 min ago | calm stored'],
  [
    'storage full, and the relay has it',
    testState({
      status: 'failed',
      error: full,
      saved: { pending: 1, error: full },
      storage: { kind: 'kernel', state: 'failing', error: full },
    }),
    'frrr Not saved: this device’s storage is full | failed not-saved',
  ],
  [
    'storage full, and the relay refuses',
    testState({
      status: 'failed',
      error: testError('RELAY_NOT_A_RELAY'),
      saved: { pending: 1, error: full },
      sent: two,
      storage: { kind: 'kernel', state: 'failing', error: full },
      peers: [{ ...relay, phase: 'failed', error: testError('RELAY_NOT_A_RELAY') }],
    }),
    'ffww Not saved: this device’s storage is full | failed not-saved',
  ],
  [
    'storage failing otherwise, offline',
    testState({
      status: 'offline',
      saved: { pending: 1 },
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
    'urrr Only in this tab: this browser keeps nothing here · stored by the relay | calm stored',
  ],
  [
    'memory only, as another tab holds the storage',
    testState({
      storage: { kind: 'memory', state: 'memory-only', error: testError('STORAGE_BLOCKED') },
    }),
    'urrr Only in this tab: another tab holds this device’s storage · stored by the relay | calm stored',
  ],
  [
    'memory only, offline',
    testState({
      status: 'offline',
      sent: two,
      confirmed: two,
      durable: two,
      storage: { kind: 'memory', state: 'memory-only' },
    }),
    'uwww Only in this tab: this browser keeps nothing here · offline, 2 changes wait | calm offline',
  ],
  [
    'a relay that refuses',
    testState({ status: 'failed', error: testError('RELAY_REFUSED', 'too many connections'), sent: two }),
    'rfww Saved on this device · the relay refuses: too many connections | failed refused',
  ],
  [
    'a relay that refuses one change',
    testState({ status: 'syncing', confirmed: { pending: 1, error: testError('RELAY_LIMIT', 'too large') } }),
    'rrfr Saved on this device · the relay refuses: too large | failed refused',
  ],
  [
    'not a relay',
    testState({ status: 'failed', error: testError('RELAY_NOT_A_RELAY') }),
    'rfww Saved on this device · what answers at the relay’s address is not a relay | failed refused',
  ],
  [
    'too old',
    testState({ status: 'failed', error: testError('APP_OUTDATED') }),
    'rfww Saved on this device · reload to send: a newer Lists is needed | failed refused',
  ],
];

describe('the sync line', () => {
  it.each(rows)('%s', (_, state, said) => {
    const { steps, lead, detail, tone, kind } = syncWords(state, testNowMs, testNowMs - 150_000);
    const words = detail === undefined ? lead : `${lead} · ${detail}`;
    expect(`${steps.map(letter).join('')} ${words} | ${tone} ${kind}`).toBe(said);
  });

  it('never says that something is saved where this browser keeps nothing', () => {
    for (const [, state] of rows) {
      const words = syncWords(
        { ...state, storage: { kind: 'memory', state: 'memory-only' } },
        testNowMs,
        testNowMs,
      );
      expect(`${words.lead} ${words.detail ?? ''}`).not.toMatch(/Saved on this device/);
      expect(words.steps[0]).not.toBe('reached');
    }
  });

  it('never claims more than the evidence: a rung is full only where nothing waits for it', () => {
    for (const [name, state] of rows) {
      const { steps } = syncWords(state, testNowMs, testNowMs);
      const rungs = [state.saved, state.sent, state.confirmed, state.durable];
      steps.forEach((step, index) => {
        if (step === 'reached') expect(rungs[index], name).toMatchObject({ pending: 0 });
      });
    }
  });
});

function letter(step: Step): string {
  return step.charAt(0);
}
