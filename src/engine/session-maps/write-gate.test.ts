import { LocalNode, type RawCoMap } from 'cojson';
import { expect, test } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { createGenesis } from '../../session/account/genesis.ts';
import { createSessionCrypto } from '../session-crypto.ts';

const closed = () => createKernelError('SESSION_CLOSED', 'closed');
const taken = () => createKernelError('SESSION_TAKEN', 'taken');

async function openMap() {
  const crypto = await createSessionCrypto();
  const genesis = await createGenesis(crypto, globalThis.crypto.subtle, new Uint8Array(32).fill(7));
  const node = new LocalNode(genesis.agentSecret, crypto.newRandomSessionID(genesis.accountID), crypto);
  for (const content of await genesis.content()) node.syncManager.handleNewContent(content, 'import');
  const map: RawCoMap = node.createGroup().createMap();
  return { crypto, map };
}

test('an edit throws while the gate is closed, and changes neither the value nor the session', async () => {
  const { crypto, map } = await openMap();
  map.set('before', 1);
  const before = map.core.knownState();
  const allow = crypto.edits.refuse(closed);
  for (const privacy of ['private', 'trusting'] as const) {
    expect(() => map.set('after', 2, privacy)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
  }
  expect(map.toJSON()).toEqual({ before: 1 });
  expect(map.core.knownState()).toEqual(before);
  allow();
  map.set('after', 3);
  expect(map.toJSON()).toEqual({ before: 1, after: 3 });
});

test('edits throw the latest of two reasons until both are withdrawn', async () => {
  const { crypto, map } = await openMap();
  const allowFirst = crypto.edits.refuse(closed);
  const allowSecond = crypto.edits.refuse(taken);
  expect(() => map.set('a', 1)).toThrow(expect.objectContaining({ code: 'SESSION_TAKEN' }));
  allowSecond();
  allowSecond();
  expect(() => map.set('a', 1)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
  allowFirst();
  map.set('a', 1);
  expect(map.get('a')).toBe(1);
});

test('two refusals with the same reason are withdrawn separately', async () => {
  const { crypto, map } = await openMap();
  const allowFirst = crypto.edits.refuse(closed);
  const allowSecond = crypto.edits.refuse(closed);
  allowFirst();
  allowFirst();
  expect(() => map.set('a', 1)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
  allowSecond();
  map.set('a', 1);
});
