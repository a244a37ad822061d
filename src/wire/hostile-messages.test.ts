import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isKernelError } from '../base/kernel-error.ts';
import { readMessage } from './frames.ts';

describe('hostile messages', () => {
  const id = 'co_zM7Vk3QwfkPqUyZQyqvWQXdJrmH';
  const sessionID = `${id}_session_z8uhRyJGKLBL`;
  const signature = `signature_z${'2'.repeat(87)}`;
  const trusting = { privacy: 'trusting', madeAt: 1, changes: '[]' };
  const encrypted = {
    privacy: 'private',
    madeAt: 1,
    keyUsed: 'key_zabc',
    encryptedChanges: 'encrypted_Uabc=',
  };
  const header = { type: 'comap', ruleset: { type: 'unsafeAllowAll' }, meta: null, uniqueness: null };
  const load = { action: 'load', id, header: false, sessions: {} };
  const content = { action: 'content', id, header, priority: 0, new: {} };
  const withNew = (parts: object) => ({
    ...content,
    new: { [sessionID]: { after: 0, newTransactions: [trusting], lastSignature: signature, ...parts } },
  });
  const withHeader = (parts: object) => ({ ...content, header: { ...header, ...parts } });
  const withTransaction = (transaction: unknown) => withNew({ newTransactions: [transaction] });

  it.each(
    [load, content, withNew({}), withTransaction(encrypted), { action: 'done', id }].map((m) => [
      m.action,
      m,
    ]),
  )('accepts the well-formed %s from which the malformed ones are derived', (_, message) => {
    expect(readMessage(JSON.stringify(message)).kind).toBe('sync');
  });

  it.each([
    ['a trusting transaction', trusting, { keyUsed: 'key_zabc', encryptedChanges: 'encrypted_Uabc=' }],
    ['a private transaction', encrypted, { changes: '[]' }],
  ])('[SEC-13] takes from %s what its signature does not cover', (_, transaction, others) => {
    const read = readMessage(JSON.stringify(withTransaction({ ...transaction, ...others, extra: 1 })));
    expect(read).toEqual({ kind: 'sync', message: withTransaction(transaction) });
  });

  const hello = {
    ...{ maia: 'hello', v: 1, relay: { name: 'r', version: '1' }, storage: { id: 's', epoch: 'e' } },
    ...{ durability: 'none', limits: {}, inspect: false },
  };
  const demand = { nonce: 'n', methods: ['jwt'], withinMs: 5 };
  const withDemand = (parts: object) => ({ ...hello, auth: { ...demand, ...parts } });
  const jwt = { maia: 'auth', method: 'jwt', token: 'x' };
  const proof = { typ: 'maia-auth/1', nonce: 'n', audience: 'a', accountID: id, sessionID };
  const proven = { maia: 'auth', method: 'account', proof, agentID: 'a', signature: 's' };
  const withProof = (parts: object) => ({ ...proven, proof: { ...proof, ...parts } });
  const welcome = { maia: 'welcome', principal: 'token', nonce: 'n' };

  it.each([withDemand({}), jwt, proven, welcome].map((frame) => [frame.maia, frame]))(
    'accepts the well-formed %s frame from which the malformed ones are derived',
    (_, frame) => {
      expect(readMessage(JSON.stringify(frame)).kind).toBe('maia');
    },
  );

  const malformed: readonly unknown[] = [
    5,
    'load',
    true,
    null,
    [],
    [load],
    { action: 5 },
    { action: 'toString' },
    { action: '__proto__' },
    { action: 'delete', id },
    { ...load, time: 1 },
    { ...load, id: 5 },
    { ...load, id: undefined },
    { ...load, id: 'co_z' },
    { ...load, id: 'co_z0OIl' },
    { ...load, id: `co_z${'2'.repeat(65)}` },
    { ...load, id: `${id}\n` },
    { ...load, header: 1 },
    { ...load, header: undefined },
    { ...load, sessions: undefined },
    { ...load, sessions: null },
    { ...load, sessions: [] },
    { ...load, sessions: 'x' },
    { ...load, sessions: { [sessionID]: -1 } },
    { ...load, sessions: { [sessionID]: 1.5 } },
    { ...load, sessions: { [sessionID]: 2 ** 53 } },
    { ...load, sessions: { [sessionID]: '1' } },
    { ...load, sessions: { [sessionID]: null } },
    { ...load, sessions: { constructor: 1 } },
    { ...load, sessions: { [`${id}_session_`]: 1 } },
    { ...load, sessions: { [`${id}_session_d2`]: 1 } },
    { ...load, sessions: { [`x_session_z2`]: 1 } },
    { ...load, action: 'known', isCorrection: 'yes' },
    { ...load, action: 'known', asDependencyOf: 'x' },
    { ...load, action: 'known', header: true, partial: 1 },
    { ...load, action: 'known', header: false, partial: true },
    { ...load, action: 'known', header: true, isCorrection: true, partial: true },
    { ...content, priority: 1 },
    { ...content, priority: '0' },
    { ...content, priority: undefined },
    { ...content, new: undefined },
    { ...content, new: null },
    { ...content, new: [] },
    { ...content, new: { [sessionID]: null } },
    { ...content, new: { x: {} } },
    { ...content, expectContentUntil: 5 },
    { ...content, expectContentUntil: { [sessionID]: -1 } },
    { ...content, header: null },
    { ...content, header: true },
    { ...content, header: [] },
    withHeader({ type: 'x'.repeat(20_000) }),
    withHeader({ uniqueness: Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [at, ''])) }),
    withHeader({ type: 5 }),
    withHeader({ ruleset: undefined }),
    withHeader({ ruleset: null }),
    withHeader({ ruleset: { type: 'admin' } }),
    withHeader({ ruleset: { type: 'group' } }),
    withHeader({ ruleset: { type: 'group', initialAdmin: 'me' } }),
    withHeader({ ruleset: { type: 'ownedByGroup' } }),
    withHeader({ ruleset: { type: 'ownedByGroup', group: 5 } }),
    withHeader({ ruleset: { type: 'ownedByGroup', group: id, restrictDeletion: 1 } }),
    withHeader({ meta: undefined }),
    withHeader({ meta: [] }),
    withHeader({ meta: { source: 5 } }),
    withHeader({ meta: nested(100) }),
    withHeader({ uniqueness: 5 }),
    withHeader({ uniqueness: { a: 5 } }),
    withHeader({ uniqueness: [] }),
    withHeader({ createdAt: 5 }),
    withHeader({ createdAt: '1999' }),
    withNew({ after: '0' }),
    withNew({ after: undefined }),
    withNew({ after: -1 }),
    withNew({ after: 0.5 }),
    withNew({ after: Number.MAX_SAFE_INTEGER }),
    withNew({ newTransactions: undefined }),
    withNew({ newTransactions: {} }),
    withNew({ newTransactions: 'x' }),
    withNew({ lastSignature: undefined }),
    withNew({ lastSignature: 5 }),
    withNew({ lastSignature: 'signature_z' }),
    withNew({ lastSignature: 'signature_z1' }),
    withNew({ lastSignature: `signature_z${'0'.repeat(87)}` }),
    withTransaction(null),
    withTransaction(5),
    withTransaction([]),
    withTransaction({}),
    withTransaction({ ...trusting, privacy: 'public' }),
    withTransaction({ ...trusting, madeAt: 'now' }),
    withTransaction({ ...trusting, madeAt: null }),
    withTransaction({ ...trusting, changes: undefined }),
    withTransaction({ ...trusting, changes: [] }),
    withTransaction({ ...trusting, changes: '5' }),
    withTransaction({ ...trusting, changes: '{}' }),
    withTransaction({ ...trusting, changes: 'not json' }),
    withTransaction({ ...trusting, meta: {} }),
    withTransaction({ ...trusting, meta: '5' }),
    withTransaction({ ...encrypted, keyUsed: undefined }),
    withTransaction({ ...encrypted, keyUsed: 'key_' }),
    withTransaction({ ...encrypted, encryptedChanges: undefined }),
    withTransaction({ ...encrypted, encryptedChanges: 'abc' }),
    withTransaction({ ...encrypted, encryptedChanges: 'encrypted_U"' }),
    withTransaction({ ...encrypted, meta: 'abc' }),
    { action: 'done' },
    { action: 'reconcile', id: 'batch' },
    { action: 'reconcile', id: '', values: [] },
    { action: 'reconcile', id: 5, values: [] },
    { action: 'reconcile', id: 'batch', values: {} },
    { action: 'reconcile', id: 'batch', values: [id] },
    { action: 'reconcile', id: 'batch', values: [[id]] },
    { action: 'reconcile', id: 'batch', values: [[id, 5]] },
    { action: 'reconcile', id: 'batch', values: [['x', 'hash']] },
    { action: 'reconcile', id: 'batch', values: [[id, 'hash', 'more']] },
    { action: 'reconcile-ack' },
    { type: 'ping', time: 'now', dc: 'x' },
    { time: null },
    { maia: 5 },
    { maia: 'echo' },
    { maia: 'echo', t: '1' },
    { maia: 'echo', t: 1, action: 'load' },
    { maia: 'echo', t: 1, time: 1 },
    { maia: 'hi' },
    { maia: 'hi', v: 0, kernel: 'x' },
    { maia: 'hi', v: 1, kernel: 'x'.repeat(1001) },
    { maia: 'hi', v: 1, kernel: 'x', cutAcks: 'yes' },
    { maia: 'refused', code: 'invalid', reason: 'x' },
    { maia: 'refused', code: 'invalid', reason: 'x', closing: true, retryAfterMs: -1 },
    { maia: 'hello', v: 1 },
    hello,
    { ...hello, presence: 1 },
    { ...hello, auth: true },
    { ...hello, auth: [] },
    withDemand({ nonce: undefined }),
    withDemand({ nonce: 5 }),
    withDemand({ nonce: '' }),
    withDemand({ nonce: 'n'.repeat(1001) }),
    withDemand({ methods: undefined }),
    withDemand({ methods: 'jwt' }),
    withDemand({ methods: { 0: 'jwt', length: 1 } }),
    withDemand({ methods: ['jwt', 5] }),
    withDemand({ methods: ['x'.repeat(1001)] }),
    withDemand({ methods: Array.from({ length: 101 }, () => 'jwt') }),
    withDemand({ withinMs: undefined }),
    withDemand({ withinMs: 0 }),
    withDemand({ withinMs: -1 }),
    withDemand({ withinMs: '5' }),
    { ...jwt, method: undefined },
    { ...jwt, method: 'lookup' },
    { ...jwt, method: ['jwt'] },
    { ...jwt, token: undefined },
    { ...jwt, token: '' },
    { ...jwt, token: 5 },
    { ...jwt, token: ['x'] },
    { ...jwt, token: 'x'.repeat(16_001) },
    { ...jwt, action: 'load' },
    { ...jwt, time: 1 },
    { ...proven, proof: undefined },
    { ...proven, proof: null },
    { ...proven, proof: [] },
    { ...proven, proof: JSON.stringify(proof) },
    { ...proven, agentID: undefined },
    { ...proven, agentID: 5 },
    { ...proven, signature: undefined },
    { ...proven, signature: 's'.repeat(1001) },
    withProof({ typ: 'maia-auth/2' }),
    { ...proven, scope: 'later' },
    { ...proven, scope: null },
    withProof({ typ: undefined }),
    withProof({ nonce: undefined }),
    withProof({ nonce: { a: 1 } }),
    withProof({ audience: 5 }),
    withProof({ audience: 'a'.repeat(1001) }),
    withProof({ accountID: undefined }),
    withProof({ sessionID: null }),
    withProof({ more: 1 }),
    { ...welcome, principal: undefined },
    { ...welcome, principal: 'admin' },
    { ...welcome, nonce: undefined },
    { ...welcome, nonce: '' },
    { ...welcome, nonce: 'n'.repeat(1001) },
    { ...welcome, accountID: 5 },
    { ...welcome, expiresInMs: 0 },
    { ...welcome, expiresInMs: -1 },
    { ...welcome, expiresInMs: null },
    { ...welcome, expiresInMs: '1000' },
    { ...welcome, quota: null },
    { ...welcome, quota: [] },
    { ...welcome, quota: {} },
    { ...welcome, quota: { usedBytes: 1 } },
    { ...welcome, quota: { usedBytes: -1, usedCoValues: 0 } },
    { ...welcome, quota: { usedBytes: 0, usedCoValues: '0' } },
    { ...welcome, quota: { usedBytes: 0, usedCoValues: 0, bytes: null } },
    { ...welcome, quota: { usedBytes: 0, usedCoValues: 0, coValues: -1 } },
    { ...welcome, action: 'content' },
    { maia: 'inspect', id },
    { maia: 'inspect', ask: 1 },
    { maia: 'inspect', ask: '1', id },
    { maia: 'inspect', ask: 1.5, id },
    { maia: 'inspect', ask: 2 ** 53, id },
    { maia: 'inspect', ask: 1, id: 'co_' },
    { maia: 'inspect', ask: 1, id: [id] },
    { maia: 'inspected', ask: 1, id },
    { maia: 'inspected', ask: 1.5, id, known: null },
    { maia: 'inspected', ask: 1, id: 'x', known: null },
    { maia: 'inspected', ask: 1, id, known: [] },
    { maia: 'inspected', ask: 1, id, known: { sessions: {} } },
    { maia: 'inspected', ask: 1, id, known: { header: 1, sessions: {} } },
    { maia: 'inspected', ask: 1, id, known: { header: true } },
    { maia: 'inspected', ask: 1, id, known: { header: true, sessions: [] } },
    { maia: 'inspected', ask: 1, id, known: { header: true, sessions: { me: 1 } } },
    { maia: 'inspected', ask: 1, id, known: { header: true, sessions: { [sessionID]: -1 } } },
    { maia: 'inspected', ask: 1, id, known: { header: true, sessions: { [sessionID]: 0.5 } } },
  ];
  it.each(malformed.map((message) => [JSON.stringify(message).slice(0, 200), JSON.stringify(message)]))(
    '[WIRE-1] %s',
    (_, line) => {
      expect(codeOf(() => readMessage(line))).toBe('MESSAGE_INVALID');
    },
  );

  it.each(['1e999', '-1e999'])('reads %s as no time for which a sign-in lasts', (ms) => {
    const line = JSON.stringify({ ...welcome, expiresInMs: 7 }).replace('7', ms);
    expect(codeOf(() => readMessage(line))).toBe('MESSAGE_INVALID');
  });

  it.each(['', '{', 'GET / HTTP/1.1', '\u0000', '[1,', '{"action":"load",}', 'undefined', 'NaN'])(
    'rejects text that is not JSON: %j',
    (line) => {
      expect(codeOf(() => readMessage(line))).toBe('MESSAGE_INVALID');
    },
  );

  it.each([
    `{"__proto__":{"polluted":1},"action":"load","id":"${id}","header":false,"sessions":{"__proto__":1}}`,
    `{"action":"content","id":"${id}","priority":0,"new":{"__proto__":{"after":0,"newTransactions":[],"lastSignature":"${signature}"}}}`,
    `{"maia":"__proto__","__proto__":{"polluted":1}}`,
    `{"maia":"echo","t":1,"__proto__":{"polluted":1}}`,
    `{"__proto__":{"action":"load"}}`,
    `{"maia":"welcome","__proto__":{"principal":"token","nonce":"n","polluted":1}}`,
    `{"maia":"auth","method":"account","agentID":"a","signature":"s","proof":{"__proto__":{"polluted":1},"typ":"maia-auth/1","nonce":"n","audience":"a","accountID":"a","sessionID":"s"}}`,
  ])('does not change prototypes: %s', (line) => {
    codeOf(() => readMessage(line));
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Reflect.ownKeys(Object.prototype)).not.toContain('action');
  });

  it('[WIRE-4] leaves a malformed message’s content out of the error', () => {
    const line = JSON.stringify(withTransaction({ ...trusting, changes: 'my private words' }));
    const error = errorOf(() => readMessage(line));
    expect(inspect(error)).not.toContain('private words');
    expect(inspect(errorOf(() => readMessage('my private words')))).not.toContain('private words');
    const token = { maia: 'auth', method: 'jwt', token: ['my private words'] };
    expect(inspect(errorOf(() => readMessage(JSON.stringify(token))))).not.toContain('private words');
  });
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

function codeOf(run: () => unknown): string | undefined {
  const error = errorOf(run);
  return isKernelError(error) ? error.code : undefined;
}

function nested(depth: number): object {
  return depth === 0 ? {} : { a: nested(depth - 1) };
}
