import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { bytesFromBase64url, bytesToBase64url } from '../account/bytes.ts';
import { createGenesis } from '../account/genesis.ts';
import { createKeyringContent, createKeyringNode, readKeyring } from './keyring-content.ts';
import { openEntry, sealEntry } from './keyring-entry.ts';
import { deriveKeyringKeys, keyringOf, type KeyringKeys } from './keyring-keys.ts';
import type { Sealed } from '../account/sealed.ts';
import { requireSecure } from '../account/secure-platform.ts';
import { createSessionCrypto, type SessionCrypto } from '../../engine/session-crypto.ts';

const platform = requireSecure(createBrowserPlatform());
const { subtle } = platform;
const seed = new Uint8Array(32).fill(5);

let crypto: SessionCrypto;
let keys: KeyringKeys;
let account: { readonly seed: Uint8Array; readonly accountID: string };
let sealed: Sealed;

async function keysFrom(byte: number): Promise<KeyringKeys> {
  return deriveKeyringKeys(crypto, subtle, new Uint8Array(32).fill(byte));
}

beforeEach(async () => {
  crypto = await createSessionCrypto();
  keys = await keysFrom(1);
  account = { seed, accountID: (await createGenesis(crypto, subtle, seed)).accountID };
  sealed = await sealEntry(platform, keys, account);
});

describe('an entry', () => {
  test('opens with the passkey that it was sealed for', async () => {
    expect(await openEntry(crypto, platform, await keysFrom(1), sealed)).toEqual(seed);
  });

  test('[SEC-4] reveals neither the account nor the seed', () => {
    const text = JSON.stringify(createKeyringContent(crypto, keys, sealed));
    expect(text).not.toContain(account.accountID);
    expect(text).not.toContain(bytesToBase64url(seed));
  });

  test.each([
    ['another passkey', async () => ({ keys: await keysFrom(2), sealed })],
    ['another place', () => Promise.resolve({ keys: { ...keys, mapID: keys.groupID }, sealed })],
    ['a flipped bit', () => Promise.resolve({ keys, sealed: { ...sealed, data: flipped(sealed.data) } })],
    ['a cut end', () => Promise.resolve({ keys, sealed: { ...sealed, data: sealed.data.slice(0, -4) } })],
    ['no base64url', () => Promise.resolve({ keys, sealed: { ...sealed, data: '*' } })],
    ['another shape', () => Promise.resolve({ keys, sealed: { v: 1 } })],
    ['nothing', () => Promise.resolve({ keys, sealed: undefined })],
  ])('does not open with %s', async (_, attempt) => {
    const { keys, sealed } = await attempt();
    await expect(openEntry(crypto, platform, keys, sealed)).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
    });
  });

  test('does not open if its seed derives another account than it names', async () => {
    const other = await createGenesis(crypto, subtle, new Uint8Array(32).fill(6));
    const forged = await sealEntry(platform, keys, { seed, accountID: other.accountID });
    await expect(openEntry(crypto, platform, keys, forged)).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
      message: expect.stringContaining('does not match its seed') as string,
    });
  });

  test('asks for a newer app if a newer version wrote it', async () => {
    await expect(openEntry(crypto, platform, keys, { ...sealed, v: 2 })).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
      message: expect.stringContaining('newer version') as string,
    });
  });
});

describe('a keyring', () => {
  test('is found by its agent’s secret alone, which cannot open it', () => {
    const { agentSecret, agentID, groupID, mapID } = keys;
    expect(keyringOf(crypto, agentSecret)).toEqual({ agentSecret, agentID, groupID, mapID });
  });

  test('overwrites the PRF output that it was derived from', async () => {
    const prfOutput = new Uint8Array(32).fill(1);
    await deriveKeyringKeys(crypto, subtle, prfOutput);
    expect(prfOutput).toEqual(new Uint8Array(32));
  });

  test('can be read by any node, including a stock client', async () => {
    const stock = await WasmCrypto.create();
    const secret = stock.newRandomAgentSecret();
    const node = new LocalNode(secret, stock.newRandomSessionID(stock.getAgentID(secret)), stock);
    expect(readKeyring(node, keys.mapID)).toEqual({ kind: 'missing' });
    const content = createKeyringContent(crypto, keys, sealed);
    expect(content.map(({ id }) => id)).toEqual([keys.groupID, keys.mapID]);
    for (const piece of content) node.syncManager.handleNewContent(piece, 'import');
    expect(readKeyring(node, keys.mapID)).toEqual({ kind: 'entry', sealed });
  });

  test('can be removed with its agent’s secret, even if a clock years ahead created it', () => {
    vi.useFakeTimers({ now: new Date('2040-01-01'), toFake: ['Date'] });
    const content = createKeyringContent(crypto, keys, sealed);
    vi.useRealTimers();
    const node = createKeyringNode(crypto, keyringOf(crypto, keys.agentSecret));
    for (const piece of content) node.syncManager.handleNewContent(piece, 'import');
    node.expectCoValueLoaded(keys.mapID).deleteCoValue();

    const reader = createKeyringNode(crypto, keys);
    for (const piece of [keys.groupID, keys.mapID].flatMap(
      (id) => node.getCoValue(id).newContentSince() ?? [],
    )) {
      reader.syncManager.handleNewContent(piece, 'import');
    }
    expect(readKeyring(reader, keys.mapID)).toEqual({ kind: 'removed' });
  });
});

function flipped(text: string): string {
  const bytes = bytesFromBase64url(text) ?? new Uint8Array();
  return bytesToBase64url(bytes.map((byte, index) => (index === 7 ? byte ^ 1 : byte)));
}
