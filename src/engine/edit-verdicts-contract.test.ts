import {
  LocalNode,
  type AgentSecret,
  type CoValueCore,
  type CryptoProvider,
  type JsonValue,
  type RawCoMap,
  type RawCoValue,
  type RawGroup,
} from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { roleChanges, verdictsOf } from './edit-verdicts.ts';

// The parts of cojson 0.20.19 that edit-verdicts.ts relies on.

let crypto: CryptoProvider;
let node: LocalNode;
beforeEach(async () => {
  node = await createAgentNode();
  crypto = node.crypto;
});

const lastOf = ({ core }: { readonly core: CoValueCore }) => core.verifiedTransactions.at(-1);
const stranger = () => crypto.getAgentID(crypto.newRandomAgentSecret());

/** These values on another node. */
function openOn(secret: AgentSecret, ...values: readonly RawCoValue[]): readonly RawCoValue[] {
  const other = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  for (const content of values.flatMap(({ core }) => core.newContentSince(undefined) ?? []))
    other.syncManager.handleNewContent(content, 'import');
  return values.map(({ id }) => other.expectCoValueLoaded(id).getCurrentContent());
}

/** A group and its map, as another agent sees them. */
function openAs(role: 'reader' | 'revoked' | undefined) {
  const secret = crypto.newRandomAgentSecret();
  const id = crypto.getAgentID(secret);
  const ours = node.createGroup();
  const ourMap = ours.createMap({ key: 1 }, null, 'trusting');
  if (role) ours.addMemberInternal(id, 'reader');
  if (role === 'revoked') ours.removeMember(id as 'everyone');
  const [group, map] = openOn(secret, ours, ourMap) as [RawGroup, RawCoMap];
  return { group, map, id };
}

it.each(['reader', 'revoked', undefined] as const)('reads the message of an edit by %s', (role) => {
  const { map } = openAs(role);
  map.set('key', 2, 'trusting');
  expect(lastOf(map), 'VerifiedTransaction').toMatchObject({
    isValid: false,
    validationErrorMessage: 'Transactor has no write permissions',
    currentTxID: { sessionID: map.core.node.currentSessionID, txIndex: 0 },
  });
});

it('asks a group for the role at a time', () => {
  const { group, id } = openAs('revoked');
  const [removedAt] = group.core.verifiedTransactions.flatMap(({ changes, madeAt }) =>
    JSON.stringify(changes).includes('"revoked"') ? madeAt : [],
  );
  expect(group.atTime(removedAt ?? 0).roleOfInternal(id), 'RawGroup.roleOfInternal').toBeUndefined();
  expect(group.atTime((removedAt ?? 0) - 1).roleOfInternal(id)).not.toBe('revoked');
});

it('reads the changes of a member’s own role', () => {
  const { group, map, id } = openAs('revoked');
  const { currentSessionID } = map.core.node;
  const changes = [...group.editsAt(id)].map(({ value, at }) => ({ role: value, atMs: at.getTime() }));
  expect(changes.map(({ role }) => role)).toEqual(['reader', 'revoked']);
  expect(roleChanges(map.core, currentSessionID)).toEqual(changes);
  expect(roleChanges(group.core, currentSessionID)).toEqual(changes);
  expect(roleChanges(openAs(undefined).map.core, currentSessionID)).toEqual([]);
});

it('reads the messages of changes of a group', () => {
  const group = node.createGroup();
  const theirs = openAs('reader').group;
  const verdictOn = ({ core }: RawGroup, ...changes: JsonValue[]) => {
    core.makeTransaction(changes, 'trusting');
    const [[, notCounted] = []] = verdictsOf(core, core.node.currentSessionID);
    return `${notCounted?.reason}: ${notCounted?.message}`;
  };
  const set = (key: string, value: string) => ({ op: 'set', key, value });
  const admin = set(stranger(), 'admin');
  expect([
    verdictOn(theirs, admin),
    verdictOn(theirs, set('parent_co_zMissing', 'extend')),
    verdictOn(group, set(stranger(), 'boss')),
    verdictOn(group, admin, admin),
    verdictOn(group, { op: 'del', key: stranger() }),
    verdictOn(group, set('everyone', 'admin')),
    verdictOn(group, set('child_co_zMissing', 'extend')),
  ]).toMatchInlineSnapshot(`
    [
      "no-access: Group transaction must be made by current admin, manager, or invite",
      "no-access: Only admins and managers can set parent extensions",
      "malformed: Group transaction must set a valid role",
      "malformed: Group transaction must have exactly one change",
      "malformed: Group transaction must set a role or readKey",
      "malformed: Everyone can only be set to reader, writer, writeOnly or revoked",
      "malformed: Child extensions are not allowed anymore",
    ]
  `);
});

describe('the keys that cojson reveals of itself in a group', () => {
  const isFromCall = (key: string) => /^(?:co_z|sealer_z|everyone$|parent_)/.test(key);
  const changesOf = ({ core }: RawGroup) =>
    core.verifiedTransactions.flatMap(({ changes = [], isValid }) =>
      (changes as { op: string; key: string }[]).map((change) => ({ ...change, isValid })),
    );

  /** The verdicts in the run that made the edits, and in a later one. */
  const reasonsIn = (group: RawGroup) =>
    [group, ...openOn(node.agentSecret, group)].map(({ core }) =>
      [...verdictsOf(core, node.currentSessionID)].flatMap(([, edit]) => edit?.reason ?? []),
    );

  it('have these names', () => {
    const [group, parent] = [node.createGroup(), node.createGroup()];
    const member = stranger();
    group.addMemberInternal(member, 'writeOnly');
    group.extend(parent);
    group.addMember('everyone', 'reader');
    group.addMember('everyone', 'writeOnly');
    group.removeMember(member as 'everyone');
    const [theirs] = openOn(crypto.newRandomAgentSecret(), parent) as [RawGroup];
    const child = theirs.core.node.createGroup();
    child.extend(theirs);
    const names = [...changesOf(group), ...changesOf(child)]
      .filter(({ key }) => !isFromCall(key))
      .map(({ op, key }) => `${op} ${key.replaceAll(/_z[^_/]+/g, '')}`);
    expect([...new Set(names)].toSorted()).toMatchInlineSnapshot(`
      [
        "del key_for_everyone",
        "set groupSealer",
        "set key_for_everyone",
        "set key_for_key",
        "set key_for_sealer/signer",
        "set key_sealedFor_sealer",
        "set readKey",
        "set writeKeyFor_sealer/signer",
      ]
    `);
  });

  it('are not in the verdicts, although nobody counts them', () => {
    const group = node.createGroup();
    group.addMember('everyone', 'reader');
    group.addMember('everyone', 'writeOnly');
    expect(changesOf(group).filter(({ isValid }) => !isValid)).toMatchObject([{ op: 'del' }]);
    expect(reasonsIn(group)).toEqual([[], []]);
  });

  it('are the only ones that are not', () => {
    const group = node.createGroup();
    group.set('foo' as 'everyone', 'bar' as 'reader');
    group.core.makeTransaction([], 'trusting');
    const reasons = ['malformed', 'malformed'];
    expect(reasonsIn(group)).toEqual([reasons, reasons]);
  });
});
