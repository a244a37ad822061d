import { LocalNode, type RawCoMap } from 'cojson';
import { beforeEach, expect, test } from 'vitest';
import { createGenesis } from './genesis.ts';
import {
  backupOf,
  isChecked,
  isPhraseRevealed,
  isRemoved,
  livePasskeys,
  readPasskeys,
  readRemovals,
  recordBackup,
  recordChecked,
  recordPasskey,
  recordPhraseRevealed,
  recordRemoval,
  type PasskeyRecord,
} from './kernel-map.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';

let kernelMap: RawCoMap;
let phone: PasskeyRecord;

beforeEach(async () => {
  const crypto = await createSessionCrypto();
  const genesis = await createGenesis(crypto, globalThis.crypto.subtle, new Uint8Array(32).fill(1));
  const node = new LocalNode(genesis.agentSecret, crypto.newRandomSessionID(genesis.accountID), crypto);
  for (const content of await genesis.content()) node.syncManager.handleNewContent(content, 'import');
  kernelMap = node.expectCoValueLoaded(genesis.kernelMapID).getCurrentContent() as RawCoMap;
  const removalSecret = crypto.newRandomAgentSecret();
  phone = { credentialID: 'phone', label: 'Phone', createdAtMs: 1, removalSecret, prfFrom: 'get' };
  recordPasskey(kernelMap, phone);
});

test('a removed passkey never becomes live again, and what repeats the removal is kept', () => {
  expect(livePasskeys(kernelMap)).toEqual([phone]);
  recordRemoval(kernelMap, phone);
  recordPasskey(kernelMap, phone);
  expect(livePasskeys(kernelMap)).toEqual([]);
  expect(readPasskeys(kernelMap)).toEqual([phone]);
  expect(isRemoved(kernelMap, 'phone')).toBe(true);
  expect(readRemovals(kernelMap)).toEqual([{ credentialID: 'phone', removalSecret: phone.removalSecret }]);
});

test('a removal by a newer version counts, though this version cannot repeat it', () => {
  kernelMap.set('removed/phone', { v: 2 }, 'private');
  expect(livePasskeys(kernelMap)).toEqual([]);
  expect(readRemovals(kernelMap)).toEqual([]);
});

test('each fact is written once, privately, and overwrites no other', () => {
  const changes = () => kernelMap.core.verified.getTransactionsCount(kernelMap.core.node.currentSessionID);
  for (let round = 0; round < 2; round++) {
    recordPasskey(kernelMap, phone);
    recordChecked(kernelMap, 'phone');
    recordRemoval(kernelMap, phone);
    recordPhraseRevealed(kernelMap);
  }
  expect(changes()).toBe(4);
  expect(kernelMap.keys().toSorted()).toEqual([
    'checked/phone',
    'passkey/phone',
    'phraseRevealed',
    'removed/phone',
  ]);
  expect([isChecked(kernelMap, 'phone'), isPhraseRevealed(kernelMap)]).toEqual([true, true]);
  expect(JSON.stringify(kernelMap.core.newContentSince())).not.toMatch(/"trusting"|phone|removed/);
});

const facts = { rpID: 'app.example', userHandle: 'AAAA', transports: ['internal'] };
const backedUp = { isEligible: true, isBackedUp: true };

test('a record without the browser’s facts, as earlier versions wrote it, is valid, and its backup is unknown', () => {
  expect(readPasskeys(kernelMap)).toEqual([phone]);
  expect(backupOf(kernelMap, phone)).toBeUndefined();
});

test.each([
  ['no record', 'yes'],
  ['a value of another type', { ...facts, rpID: 1 }],
  ['no user handle', { ...facts, userHandle: undefined }],
  ['transports of another type', { ...facts, transports: ['usb', 1] }],
])('facts that are %s are left out, and the record stays valid', (_, value) => {
  kernelMap.set('passkey/laptop', { v: 1, ...phone, credentialID: undefined, facts: value }, 'private');
  const laptop = readPasskeys(kernelMap).find(({ credentialID }) => credentialID === 'laptop');
  expect(laptop).toEqual({ ...phone, credentialID: 'laptop' });
});

test.each([
  ['of another type', { isEligible: 'true', isBackedUp: 'true' }, undefined],
  ['incomplete', { isBackedUp: true }, undefined],
  ['contradictory', { isEligible: false, isBackedUp: true }, { isEligible: false, isBackedUp: false }],
])('backup flags that are %s are not believed', (_, backup, read) => {
  kernelMap.set('passkey/laptop', { v: 1, ...phone, facts: { ...facts, backup } }, 'private');
  kernelMap.set('backup/phone', { v: 1, ...backup }, 'private');
  const laptop = readPasskeys(kernelMap).find(({ credentialID }) => credentialID === 'laptop');
  expect(laptop?.facts?.backup).toEqual(read);
  expect(backupOf(kernelMap, phone)).toEqual(read);
});

test('the backup flags that a prompt reported last count, and equal ones are not written again', () => {
  const laptop = { ...phone, credentialID: 'laptop', facts: { ...facts, backup: backedUp } };
  recordPasskey(kernelMap, laptop);
  recordBackup(kernelMap, 'laptop', backedUp);
  expect(kernelMap.get('backup/laptop')).toBeUndefined();
  const none = { isEligible: true, isBackedUp: false };
  recordBackup(kernelMap, 'laptop', none);
  expect(backupOf(kernelMap, laptop)).toEqual(none);
  recordBackup(kernelMap, 'laptop', backedUp);
  expect(backupOf(kernelMap, laptop)).toEqual(backedUp);
  recordBackup(kernelMap, 'unknown', backedUp);
  expect(kernelMap.keys().filter((key) => key.startsWith('backup/'))).toEqual(['backup/laptop']);
});

test('flags of a newer version are neither believed nor replaced', () => {
  kernelMap.set('backup/phone', { v: 2, ...backedUp }, 'private');
  recordBackup(kernelMap, 'phone', { isEligible: true, isBackedUp: false });
  expect(kernelMap.get('backup/phone')).toEqual({ v: 2, ...backedUp });
  expect(backupOf(kernelMap, phone)).toBeUndefined();
});

test('a fact is believed only if it is well-formed; a malformed one is replaced, one of a newer version is not', () => {
  kernelMap.set('checked/phone', 'yes', 'private');
  kernelMap.set('phraseRevealed', { v: 2 }, 'private');
  expect([isChecked(kernelMap, 'phone'), isPhraseRevealed(kernelMap)]).toEqual([false, false]);
  recordChecked(kernelMap, 'phone');
  recordPhraseRevealed(kernelMap);
  expect([isChecked(kernelMap, 'phone'), isPhraseRevealed(kernelMap)]).toEqual([true, false]);
  expect(kernelMap.get('phraseRevealed')).toEqual({ v: 2 });
});
