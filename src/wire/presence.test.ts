import { describe, expect, it } from 'vitest';
import { encodeFrame, readMessage, type PresenceFrame, type PresenceStateFrame } from './frames.ts';
import { maxPresenceBytes, maxPresenceDataLength } from './presence.ts';

const from = 'co_zA_session_zB' as PresenceFrame['from'];
const state: PresenceStateFrame = {
  maia: 'presence',
  ...{ id: 'co_zC', from, key: 'key_zD', atMs: 1_700_000_000_000 },
  ...{ data: 'aB-_9', signature: `signature_z${'1'.repeat(86)}` },
};
const gone: PresenceFrame = { maia: 'presence', id: 'co_zC', from, gone: true };

describe('presence frames', () => {
  it.each([state, gone])('round-trip', (frame) => {
    expect(readMessage(encodeFrame(frame))).toEqual({ kind: 'maia', frame });
  });

  it('lose unknown fields, so that they carry nothing else', () => {
    expect(readMessage(JSON.stringify({ ...state, more: 'x'.repeat(10_000) }))).toEqual({
      kind: 'maia',
      frame: state,
    });
    expect(readMessage(JSON.stringify({ ...gone, data: 'x' }))).toEqual({ kind: 'maia', frame: gone });
  });

  it('[WIRE-8] have at most 4,000 bytes with the longest IDs', () => {
    const id = `co_z${'1'.repeat(64)}` as const;
    const agent = `sealer_z${'1'.repeat(44)}/signer_z${'1'.repeat(44)}` as const;
    const longest: PresenceStateFrame = {
      ...{
        ...state,
        id,
        from: `${agent}_session_d${'1'.repeat(64)}$` as const,
        key: `key_z${'1'.repeat(64)}`,
      },
      ...{ atMs: Number.MAX_SAFE_INTEGER, data: 'x'.repeat(maxPresenceDataLength) },
      signature: `signature_z${'1'.repeat(88)}`,
    };
    const text = encodeFrame(longest);
    expect(readMessage(text)).toEqual({ kind: 'maia', frame: longest });
    expect(text.length).toBeLessThanOrEqual(maxPresenceBytes);
  });

  it.each([
    { ...state, id: 'co_z!' },
    { ...state, from: 'co_zA' },
    { ...state, from: ['co_zA_session_zB'] },
    { ...state, key: 'keySecret_zD' },
    { ...state, atMs: '1' },
    { ...state, atMs: -1 },
    { ...state, atMs: 1.5 },
    { ...state, atMs: 1e300 },
    { ...state, data: '' },
    { ...state, data: 'é' },
    { ...state, data: 'x'.repeat(maxPresenceDataLength + 1) },
    { ...state, data: 'x'.repeat(1_000_000) },
    { ...state, signature: 'signature_z1' },
    { ...state, signature: undefined },
    { ...state, gone: false },
    { ...gone, gone: 'true' },
    { ...gone, id: undefined },
    { ...gone, action: 'content' },
  ])('that are malformed are refused, and what is wrong is not repeated (%#)', (frame) => {
    expect(() => readMessage(JSON.stringify(frame))).toThrow(
      expect.objectContaining({
        code: 'MESSAGE_INVALID',
        message: expect.stringMatching(/^Refused a malformed `presence` frame\./) as unknown,
      }),
    );
  });
});
