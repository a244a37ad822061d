import { CoValueCore, RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { maxTransactionBytes } from './write-errors.ts';

// What the refusals rest on, in cojson 0.20.19 without this kernel.

const frame = JSON.stringify([{ op: 'set', key: 'a', value: '' }]).length;

it('accepts changes of exactly the limit, and throws a string above it', async () => {
  const map = (await createClientNode()).createGroup().createMap();
  map.set('a', 'x'.repeat(maxTransactionBytes - frame));
  let thrown: unknown;
  try {
    map.set('a', 'x'.repeat(maxTransactionBytes - frame + 1));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatch(`${maxTransactionBytes + 1} bytes > ${maxTransactionBytes} bytes limit`);
});

it('creates a map, list or stream with one transaction of these changes', async () => {
  const group = (await createClientNode()).createGroup();
  const changesOf = ({ core }: { readonly core: CoValueCore }) =>
    core.verifiedTransactions.map(({ changes }) => changes);
  const inner = group.createMap({ a: 1 });
  expect(changesOf(inner)).toEqual([[{ op: 'set', key: 'a', value: 1 }]]);
  expect(changesOf(group.createList(['a']))).toEqual([[{ op: 'app', value: 'a', after: 'start' }]]);
  expect(changesOf(group.createStream(['a']))).toEqual([['a']]);
});

it('checks the role by these methods before it creates or deletes', () => {
  expect(Reflect.get(RawGroup.prototype, 'assertCanWrite')).toBeTypeOf('function');
  expect(CoValueCore.prototype.validateDeletePermissions).toBeTypeOf('function');
});

it('derives an invite’s agent from the seed in its secret, and says when it does not find it', async () => {
  const node = await createClientNode();
  const group = node.createGroup();
  const secret = node.createGroup().createInvite('reader');
  expect(secret).toMatch(/^inviteSecret_z/);
  await expect(node.acceptInvite(group.id, secret)).rejects.toThrow('find invite');
  expect(crypto.newRandomSecretSeed()).toHaveLength(32);
});
