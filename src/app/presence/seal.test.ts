import { expect, it } from 'vitest';
import { createSeals, type PresenceHead } from './seal.ts';

const seals = createSeals(crypto.subtle, (length) => crypto.getRandomValues(new Uint8Array(length)));
const key = { id: 'key_zK', secret: new Uint8Array(32).fill(1) };
const head: PresenceHead = {
  id: 'co_zA',
  from: 'co_zB_session_zC' as PresenceHead['from'],
  key: key.id,
  atMs: 1,
};

it('[PRES-8] opens what was sealed with the same group, key and head, and nothing else', async () => {
  const data = await seals.seal('co_zG', key, head, '["here"]');
  expect(await seals.open('co_zG', key, head, data)).toBe('["here"]');
  const opened = [
    seals.open('co_zOther', key, head, data),
    seals.open('co_zG', { id: 'key_zL', secret: new Uint8Array(32).fill(2) }, head, data),
    seals.open('co_zG', key, { ...head, id: 'co_zD' }, data),
    seals.open('co_zG', key, { ...head, from: 'co_zD_session_zC' as PresenceHead['from'] }, data),
    seals.open('co_zG', key, { ...head, key: 'key_zM' }, data),
    seals.open('co_zG', key, { ...head, atMs: 2 }, data),
    seals.open('co_zG', key, head, data.slice(0, -4)),
    seals.open('co_zG', key, head, 'A'),
    seals.open('co_zG', key, head, ''),
  ];
  expect(await Promise.all(opened)).toEqual(opened.map(() => undefined));
});

it('seals the same state differently each time', async () => {
  const sealed = await Promise.all([1, 2].map(() => seals.seal('co_zG', key, head, '[]')));
  expect(sealed[0]).not.toBe(sealed[1]);
});
