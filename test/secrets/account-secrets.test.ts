import { expect, test } from 'vitest';
import type { Vectors } from '../../src/session/account/vectors.ts';
import vectors from '../../src/session/account/vectors.json' with { type: 'json' };
import { accountIDOf, accountSecrets, entriesIn, passkeySecrets, seedOf } from './account-secrets.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

/** A content message with a passkey's entry, as a relay sends it. */
function contentOf({ mapID, entry }: Vectors['passkeys'][number]): unknown {
  const changes = JSON.stringify([{ op: 'set', key: 'entry', value: entry }]);
  return { action: 'content', id: mapID, new: { session: { newTransactions: [{ changes }] } } };
}

test('a seed is read from an entry on the wire, with the passkey that it belongs to', () => {
  const contents = vectors.passkeys.map(contentOf);
  const entries = entriesIn([{ maia: 'hello' }, { action: 'known', id: 'co_z' }, ...contents]);
  expect(entries).toHaveLength(vectors.passkeys.length);
  for (const [index, { prfOutput, seedInside }] of vectors.passkeys.entries()) {
    expect(Buffer.from(seedOf(bytes(prfOutput), entries) ?? []).toString('hex')).toBe(seedInside);
    expect(seedOf(bytes(prfOutput), entries.toSpliced(index, 1))).toBe(undefined);
  }
});

test('the account of a seed is the one that the kernel makes of it', async () => {
  for (const { seed, accountID } of vectors.accounts) {
    expect(await accountIDOf(bytes(seed))).toBe(accountID);
  }
});

test('each secret has its bytes, and the seed its words', async () => {
  const seed = bytes(vectors.accounts[1]?.seed ?? '');
  const secrets = [...(await accountSecrets('account', seed)), ...(await passkeySecrets('passkey', seed))];
  expect(secrets.map(({ bytes }) => bytes.length)).toEqual(secrets.map(() => 32));
  expect(new Set(secrets.map(({ name }) => name)).size).toBe(secrets.length);
  expect(secrets[0]?.words).toHaveLength(24);
});
