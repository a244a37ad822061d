import { describe, expect, it } from 'vitest';
import { accountProofType, encodeFrame, encodePing, readMessage, splitFrame } from './frames.ts';
import { receiptType } from './receipt.ts';

describe('frames of the kernel', () => {
  const hello = {
    maia: 'hello',
    v: 1,
    relay: { name: 'maia-relay', version: '1.0.0' },
    storage: { id: 'a', epoch: 'b' },
    durability: 'process-crash',
    limits: { messageBytes: 10_000_000 },
    auth: null,
    inspect: false,
  } as const;

  const proof = {
    typ: accountProofType,
    nonce: 'n',
    audience: 'wss://relay.example/sync',
    accountID: 'co_zA',
    sessionID: 'co_zA_session_zB',
  } as const;

  const receipt = {
    typ: receiptType,
    ...{ storageID: 's', epoch: 'e', n: 7, root: 'r', nonce: 'n' },
    at: [],
  } as const;

  it.each([
    hello,
    { ...hello, auth: { nonce: 'n', methods: ['jwt'], withinMs: 5000 }, minAppVersion: '2.0.0' },
    { ...hello, presence: true },
    { maia: 'hi', v: 1, kernel: '1.0.0', appVersion: '3' },
    { maia: 'auth', method: 'jwt', token: 'x'.repeat(16_000) },
    { maia: 'auth', method: 'account', proof, agentID: 'sealer_z1/signer_z2', signature: 'signature_z3' },
    { maia: 'auth', method: 'account', proof, agentID: 'a', signature: 's', scope: 'lookup' },
    { maia: 'welcome', principal: 'token', nonce: 'n' },
    { maia: 'welcome', principal: 'lookup', nonce: 'n' },
    {
      maia: 'welcome',
      principal: 'token',
      nonce: 'n',
      quota: { bytes: 1, usedBytes: 2.5, coValues: 0, usedCoValues: 0 },
    },
    { maia: 'welcome', principal: 'token', nonce: 'n', quota: { usedBytes: 0, usedCoValues: 7 } },
    { maia: 'welcome', principal: 'account', nonce: 'n', accountID: 'co_zA', expiresInMs: 0.5 },
    { maia: 'refused', code: 'unauthorized', reason: 'No.', retryAfterMs: 0, closing: true },
    { maia: 'hi', v: 1, kernel: '1.0.0', cutAcks: true },
    { maia: 'refused', code: 'draining', reason: 'Restarting.', retryAfterMs: 500, closing: true },
    {
      maia: 'refused',
      code: 'fork',
      reason: 'Forked.',
      id: 'co_z2',
      sessionID: 'co_zA_session_zB',
      closing: false,
    },
    { maia: 'echo', t: 1.5 },
    { maia: 'echoed', t: -1 },
    { ...hello, relay: { ...hello.relay, key: 'signer_z1' } },
    { maia: 'challenge', nonce: 'n', at: [1, 2, 3, 4] },
    { maia: 'receipt', receipt, signature: 'signature_z1' },
    { maia: 'receipt', receipt: { ...receipt, at: [{ n: 1, root: 'r' }] }, signature: 'signature_z1' },
    { maia: 'inspect', ask: -3, id: 'co_zA' },
    { maia: 'inspected', ask: 1, id: 'co_zA', known: null },
    { maia: 'inspected', ask: 2, id: 'co_zA', known: { header: true, sessions: { co_zB_session_zC: 5 } } },
  ] as const)('round-trip: $maia', (frame) => {
    expect(readMessage(encodeFrame(frame))).toEqual({ kind: 'maia', frame });
  });

  it('[WIRE-2] of a later version are ignored, and so are unknown fields', () => {
    expect(readMessage('{"maia":"tomorrow","ask":1}')).toEqual({ kind: 'ignored' });
    expect(readMessage('{"hello":1}')).toEqual({ kind: 'ignored' });
    expect(readMessage('{"maia":"echo","t":1,"more":true}')).toEqual({
      kind: 'maia',
      frame: { maia: 'echo', t: 1 },
    });
  });

  it('[WIRE-7] lets no text from a relay start a line or control a terminal', () => {
    const refused = {
      maia: 'refused',
      code: 'limit',
      reason: 'Full\n\u001b[31m\u202Elog\0in',
      closing: true,
    };
    expect(readMessage(JSON.stringify(refused))).toMatchObject({ frame: { reason: 'Full [31m log in' } });
  });

  it('of signing in drop what this version does not know, but a proof must have exactly its own fields', () => {
    const demand = { nonce: 'n', methods: ['jwt', 'tomorrow'], withinMs: 5000 };
    const read = readMessage(JSON.stringify({ ...hello, auth: { ...demand, more: 1 } }));
    expect(read).toEqual({ kind: 'maia', frame: { ...hello, auth: demand } });
    const auth = { maia: 'auth', method: 'account', proof, agentID: 'a', signature: 's' } as const;
    expect(readMessage(JSON.stringify({ ...auth, token: 'x', more: 1 }))).toEqual({
      kind: 'maia',
      frame: auth,
    });
    expect(() => readMessage(JSON.stringify({ ...auth, proof: { ...proof, more: 1 } }))).toThrow(/`auth`/);
  });

  it('[WIRE-3] never promise more than this version understands', () => {
    const frame = { ...hello, durability: 'for-ever' };
    expect(readMessage(JSON.stringify(frame))).toEqual({
      kind: 'maia',
      frame: { ...hello, durability: 'none' },
    });
    const refused = { maia: 'refused', code: 'full-moon', reason: 'x', closing: true };
    expect(readMessage(JSON.stringify(refused))).toEqual({
      kind: 'maia',
      frame: { ...refused, code: 'unknown' },
    });
  });

  it('can share a text frame with other messages, one per line', () => {
    expect(splitFrame('a\nb\n\nc')).toEqual(['a', 'b', 'c']);
    expect(splitFrame('')).toEqual([]);
  });

  it("do not change how cojson's ping is read", () => {
    expect(readMessage(encodePing(1_700_000_000_000))).toEqual({ kind: 'ping', timeMs: 1_700_000_000_000 });
  });
});
