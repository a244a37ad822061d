import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { beforeEach, expect, it, vi } from 'vitest';
import { attacker, crypto, give, kernelNodes, memberOf, nextMoment } from './nodes.ts';
import { readKeyOf, signRaw } from './steps.ts';

// A manager reveals keys so that a search for one of them goes many ways.

type Key = ReturnType<typeof crypto.newRandomKeySecret>;

const count = 60;
let alice: LocalNode;
let manager: LocalNode;
let group: RawGroup;
let map: RawCoMap;
let readKey: Key;
beforeEach(async () => {
  [alice, manager] = [await kernelNodes.honest(), attacker()];
  group = alice.createGroup();
  group.addMember(memberOf(manager), 'manager');
  map = group.createMap();
  give(manager, alice, group);
  readKey = { id: group.get('readKey') as Key['id'], secret: readKeyOf(group) };
});

const newKeys = () => Array.from({ length: count }, () => crypto.newRandomKeySecret());

/** Reveals a key to who has the other one; or another secret, or none, in its place. */
function reveal({ id, secret }: Key, encrypting: Key, isGarbage = false): void {
  const toEncrypt = { id, secret: isGarbage ? ('garbage' as Key['secret']) : secret };
  const { encrypted } = crypto.encryptKeySecret({ encrypting, toEncrypt });
  signRaw(manager, group, [`${id}_for_${encrypting.id}`, encrypted]);
}

/** Each key opens the one before it. Nobody finds the last, and what else seems to open them does not. */
function revealChain(chain: readonly Key[]): void {
  for (const [at, key] of chain.entries()) {
    const next = chain[at + 1];
    if (next) reveal(key, next);
    reveal(key, readKey, true);
  }
}

/** Looks for a key, and counts the secrets that were tried and the keys that were looked for. */
function search({ id }: Key, from: RawGroup | RawCoMap['core'] = group) {
  give(alice, manager, group);
  const decrypted = vi.spyOn(alice.crypto, 'decryptKeySecret');
  const lookedFor = vi.spyOn(group, 'getUncachedReadKey');
  const secret = from.getReadKey(id);
  const [decryptions, searches] = [decrypted.mock.calls.length, lookedFor.mock.calls.length];
  decrypted.mockRestore();
  lookedFor.mockRestore();
  return { secret, decryptions, searches };
}

it('[GROUP-4] a chain of keys that many others are encrypted with is tried once', () => {
  const [chain, others, wanted] = [newKeys(), newKeys(), crypto.newRandomKeySecret()];
  revealChain(chain);
  for (const key of others) {
    reveal(key, chain[0] as Key);
    reveal(key, readKey);
    reveal(wanted, key, true);
  }
  const { secret, decryptions, searches } = search(wanted);
  expect(secret).toBeUndefined();
  expect(decryptions).toBe(3 * count);
  expect(searches).toBeLessThanOrEqual(4 * count + 1);
});

it('[GROUP-4] also if each of its keys fails until another one is found', () => {
  const [chain, outer, inner] = [newKeys(), newKeys(), newKeys()];
  revealChain(chain);
  for (const [at, key] of outer.entries()) {
    // The search goes down to the innermost before any is found, and comes by the chain again after each.
    const next = outer[at + 1];
    if (next) reveal(key, next, true);
    reveal(key, chain[0] as Key);
    reveal(key, readKey);
    const own = inner[at] as Key;
    reveal(own, key);
    reveal(chain.at(-1) as Key, own, true);
  }
  const { secret, decryptions, searches } = search(outer[0] as Key);
  expect(secret).toBe(outer[0]?.secret);
  expect(decryptions).toBeLessThanOrEqual(5 * count);
  expect(searches).toBeLessThanOrEqual(7 * count);
});

it.each([false, true])(
  '[GROUP-4] a key is found by one that needed another way to itself (by a former manager: %s)',
  async (isFormer) => {
    const [wanted, one, other] = [0, 1, 2].map(() => crypto.newRandomKeySecret()) as [Key, Key, Key];
    // `other` is looked for first, by way of `one`, which needs `other`.
    reveal(wanted, other, true);
    reveal(other, one);
    reveal(one, other);
    reveal(other, readKey);
    reveal(wanted, one);
    give(alice, manager, group);
    await nextMoment();
    if (isFormer) group.removeMember(memberOf(manager));
    expect(search(wanted).secret).toBe(wanted.secret);
  },
);

it('[GROUP-10] revelations that do not count search what they need once', async () => {
  const [chain, others, wanted] = [newKeys(), newKeys(), crypto.newRandomKeySecret()];
  revealChain(chain);
  for (const key of others) reveal(key, chain[0] as Key);
  give(alice, manager, group);
  await nextMoment();
  group.removeMember(memberOf(manager));
  await nextMoment();
  for (const key of others) reveal(wanted, key);
  // As for an edit of the map.
  const { secret, searches } = search(wanted, map.core);
  expect(secret).toBeUndefined();
  expect(searches).toBeLessThanOrEqual(6 * count);
});
