import { base58 } from '@scure/base';
import { expect, it } from 'vitest';
import { readGroupChange } from './read-change.ts';

const account = 'co_zAccount';
// 32 bytes each.
const agent = `sealer_z${'1'.repeat(32)}/signer_z${'1'.repeat(32)}`;
const set = (key: string, value: unknown) => [{ op: 'set', key, value }];

it.each([
  ['everyone', 'writer'],
  [account, 'adminInvite'],
  [agent, 'revoked'],
])('[GROUP-1] %s can be %s', (member, role) => {
  expect(readGroupChange(set(member, role))).toEqual({ kind: 'role', member, role });
});

it.each(['extend', 'admin', 'manager', 'writer', 'reader', 'revoked'])(
  '[GROUP-1] a parent gives %s',
  (role) => {
    expect(readGroupChange(set(`parent_${account}`, role))).toEqual({
      kind: 'parent',
      parentID: account,
      role,
    });
  },
);

it.each([
  ['key_zA_for_key_zB', 'key_zB'],
  [`key_zA_for_${account}`, account],
  [`key_zA_for_${agent}`, agent],
  ['key_zA_for_everyone', 'everyone'],
  [`key_zA_sealedFor_sealer_z${'1'.repeat(32)}`, `sealer_z${'1'.repeat(32)}`],
])('[GROUP-1] %s reveals a key', (field, to) => {
  expect(readGroupChange(set(field, 'secret'))).toEqual({ kind: 'revelation', field, keyID: 'key_zA', to });
});

it('[GROUP-1] names keys, sealers and IDs', () => {
  expect(readGroupChange(set('readKey', 'key_zA'))).toMatchObject({ kind: 'setting', key: 'readKey' });
  expect(readGroupChange(set('groupSealer', `key_zA@sealer_z${'1'.repeat(32)}`))).toMatchObject({
    kind: 'setting',
  });
  expect(readGroupChange(set('groupSealer', 'key_zA@sealer_zC'))).toMatchObject({ kind: 'malformed' });
  expect(readGroupChange(set('root', account))).toMatchObject({ kind: 'setting', key: 'root' });
  expect(readGroupChange(set(`writeKeyFor_${agent}`, 'key_zA'))).toEqual({
    kind: 'writeKey',
    member: agent,
    keyID: 'key_zA',
  });
});

it.each([
  ['nothing', undefined],
  ['text', 'text'],
  ['no change', []],
  ['two changes', [...set(account, 'reader'), ...set(account, 'admin')]],
  ['null', [null]],
  ['a deletion', [{ op: 'del', key: account }]],
  ['no key', [{ op: 'set' }]],
  ['a number for a key', [{ op: 'set', key: 5 }]],
  ['an unknown role', set(account, 'owner')],
  ['an object for a role', set(account, { role: 'admin' })],
  ['everyone as admin', set('everyone', 'admin')],
  ['everyone as an invite', set('everyone', 'readerInvite')],
  ['an ID with a tail', set(`${account}_for_everyone`, 'reader')],
  ['half an agent', set('sealer_zA', 'reader')],
  ['a very long ID', set(`co_z${'z'.repeat(65)}`, 'reader')],
  ['a very long agent', set(`sealer_z${'z'.repeat(5000)}/signer_z1`, 'reader')],
  ['an agent whose keys are too short', set('sealer_zA/signer_zA', 'reader')],
  ['a parent that gives writeOnly', set(`parent_${account}`, 'writeOnly')],
  ['a child', set(`child_${account}`, 'extend')],
  ['a read key that is no key ID', set('readKey', 'everyone')],
  ['a read key that is an object', set('readKey', {})],
  ['a sealer that is a number', set('groupSealer', 1)],
  ['a profile that is a list', set('profile', [])],
  ['a write key for nobody', set('writeKeyFor_', 'key_zA')],
  ['a write key that is no key', set(`writeKeyFor_${account}`, null)],
  ['a revelation without a key', set('text_for_everyone', 'secret')],
  ['a revelation that is no text', set('key_zA_for_everyone', { secret: 1 })],
  ['a key on every object', set('constructor', 'reader')],
  ['a key of the prototype', set('__proto__', 'reader')],
])('[GROUP-1] %s counts nowhere', (_, changes) => {
  expect(readGroupChange(changes).kind).toBe('malformed');
});

it('[GROUP-1] an agent has keys of 32 bytes', () => {
  const agentOf = (bytes: readonly number[]) =>
    `sealer_z${base58.encode(new Uint8Array(bytes))}/signer_z${'1'.repeat(32)}`;
  const kindOf = (bytes: readonly number[]) => readGroupChange(set(agentOf(bytes), 'reader')).kind;
  const bytes = (count: number, first: number) => [first, ...Array.from({ length: count - 1 }, () => 255)];
  for (const first of [0, 1, 5, 16, 100, 255]) {
    expect(kindOf(bytes(32, first))).toBe('role');
    expect(kindOf(bytes(31, first))).toBe('malformed');
    expect(kindOf(bytes(33, first))).toBe('malformed');
  }
  // As many characters as the greatest key.
  expect(readGroupChange(set(`sealer_z${'z'.repeat(44)}/signer_z${'z'.repeat(44)}`, 'reader')).kind).toBe(
    'malformed',
  );
});
