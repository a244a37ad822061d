import { LocalNode, type RawCoMap } from 'cojson';
import { beforeEach, expect, test } from 'vitest';
import { createGenesis } from './genesis.ts';
import {
  isChecked,
  isPhraseRevealed,
  isRemoved,
  livePasskeys,
  readPasskeys,
  readRemovals,
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
  for (const content of genesis.content) node.syncManager.handleNewContent(content, 'import');
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
