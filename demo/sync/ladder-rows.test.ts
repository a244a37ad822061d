import { describe, expect, it } from 'vitest';
import { ladderRows } from './ladder-rows.ts';
import { relayText } from './relay-text.ts';
import { pendingSince, testError, testNowMs, testState, testStateWithoutDurable } from './test-state.ts';

const at = { id: 'relay', url: 'wss://relay.example/sync' };
const states = (state: Parameters<typeof ladderRows>[0]) =>
  ladderRows(state, testNowMs).map((row) => row.state);

describe('the ladder', () => {
  it('shows how many changes wait at each rung, and for how long if stuck', () => {
    const stuck = testState({
      status: 'syncing',
      sent: pendingSince(2, 12_000),
      confirmed: pendingSince(2, 12_000),
    });
    expect(states({ ...stuck, durable: { known: true, pending: 2 } })).toEqual([
      'all',
      '2 waiting for 12 s',
      '2 waiting',
      '2 waiting',
    ]);
    expect(states(testState())).toEqual(['all', 'all', 'all', 'all']);
    expect(states(testStateWithoutDurable('none'))).toEqual(['all', 'all', 'all', 'unknown']);
  });

  it('explains what stored data survives, and claims no more', () => {
    const meaning = (state: Parameters<typeof ladderRows>[0]) => ladderRows(state, testNowMs)[3]?.meaning;
    expect(meaning(testState())).toMatch(/power cut/);
    expect(meaning(testState({ durability: 'process-crash' }))).toMatch(/crash of the relay/);
    expect(meaning(testStateWithoutDurable('none'))).toMatch(/does not promise/);
    expect(meaning(testStateWithoutDurable('unknown'))).toMatch(/has not reported/);
  });
});

describe('the text about the relay', () => {
  it('explains the failure, shows the next attempt and offers to try now', () => {
    const error = testError('RELAY_SILENT');
    const peer = { ...at, phase: 'waiting', attempt: 3, retryAtMs: testNowMs + 3_200, error } as const;
    expect(relayText(testState({ peers: [peer] }), testNowMs)).toEqual({
      tone: 'stuck',
      lines: ['The relay is not responding.', 'Next attempt in 4 s.'],
      action: 'try-now',
    });
  });

  it.each([
    [{ ...at, phase: 'offline' } as const, 'calm', undefined],
    [{ ...at, phase: 'paused' } as const, 'calm', 'resume'],
    [{ ...at, phase: 'connecting', attempt: 2 } as const, 'calm', undefined],
    [{ ...at, phase: 'connected', sinceMs: testNowMs } as const, 'calm', undefined],
    [{ ...at, phase: 'failed', error: testError('APP_OUTDATED') } as const, 'failed', 'reload'],
    [{ ...at, phase: 'failed', error: testError('RELAY_NOT_A_RELAY') } as const, 'failed', 'try-now'],
  ])('has a tone and an action for %o', (peer, tone, action) => {
    expect(relayText(testState({ peers: [peer] }), testNowMs)).toMatchObject({ tone, action });
  });

  it('names the relay by its host', () => {
    const peer = { ...at, phase: 'connected', sinceMs: testNowMs - 120_000 } as const;
    expect(relayText(testState({ peers: [peer] }), testNowMs)?.lines).toEqual([
      'Connected to relay.example 2 min ago.',
    ]);
  });
});
