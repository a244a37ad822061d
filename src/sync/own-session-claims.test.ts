import type { LocalNode, RawCoMap, SyncMessage } from 'cojson';
import { beforeEach, expect, test } from 'vitest';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createTestLadder } from '../../test/support/sync/test-ladder.ts';
import { knownCountsOfContent, knownCountsOfState, type KnownCounts } from '../engine/known-counts.ts';
import type { Ladder } from './delivery/ladder.ts';
import { createOwnSessionClaims, type OwnSessionClaim, type OwnSessionClaims } from './own-session-claims.ts';

let node: LocalNode;
let map: RawCoMap;
let ownID: LocalNode['currentSessionID'];
let ladder: Ladder;
let claims: OwnSessionClaims;
let raised: OwnSessionClaim[];
let acceptedLater: (readonly [string, KnownCounts])[];
let sentByID: Map<string, KnownCounts>;
beforeEach(async () => {
  node = await createAccountNode();
  ownID = node.currentSessionID;
  map = node.createGroup().createMap({ key: 1 });
  raised = [];
  acceptedLater = [];
  ({ ladder } = createTestLadder({ canSave: false }));
  ladder.useRelays(['relay']);
  sentByID = new Map();
  claims = claimsOf('relay');
  ladder.edited(map.id, knownCountsOfState(map.core.knownState()));
});

const claimsOf = (relayID: string) =>
  createOwnSessionClaims({
    node,
    ladder,
    relayID,
    sentByID,
    onClaim: (claim) => raised.push(claim),
    onAccepted: (id, counts) => acceptedLater.push([id, counts]),
  });
const has = (count: number): SyncMessage => ({
  action: 'known',
  id: map.id,
  header: true,
  sessions: { [ownID]: count },
});
const sent = () => {
  for (const content of map.core.newContentSince() ?? [])
    claims.sent(content.id, knownCountsOfContent(content));
};
const accepted = () => claims.accepted(map.id, { header: 1, [ownID]: 1, other: 3 });

test('a claim of unsent transactions is questioned once, and accepted when they are found', () => {
  claims.check(has(1));
  claims.check(has(1));
  expect(raised).toEqual([{ id: map.id, relayID: 'relay' }]);
  expect(accepted()).toEqual({ header: 1, other: 3 });
  claims.acceptKnown(map.id, { [ownID]: 1 });
  expect(accepted()).toHaveProperty([ownID], 1);
  expect(acceptedLater).toEqual([[map.id, { [ownID]: 1 }]]);
});

test('a claim that could not be verified stays questioned, and is raised again on the next connection', () => {
  claims.check(has(1));
  claims.acceptKnown(map.id, {});
  expect(accepted()).not.toHaveProperty([ownID]);
  expect(acceptedLater).toEqual([[map.id, {}]]);
  claims.lost();
  claims.check(has(1));
  expect(raised).toHaveLength(2);
});

test('what is found after the connection ended was not said on the next one', () => {
  claims.check(has(1));
  claims.lost();
  claims.acceptKnown(map.id, { [ownID]: 1 });
  expect(acceptedLater).toEqual([[map.id, {}]]);
});

test('a claim of sent transactions is not questioned', () => {
  sent();
  claims.check(has(1));
  expect(raised).toEqual([]);
  expect(accepted()).toHaveProperty([ownID], 1);
});

test('a claim of more than this device has is questioned, together with the rest of the session', () => {
  sent();
  claims.check(has(2));
  expect(raised).toEqual([{ id: map.id, relayID: 'relay', ahead: { sessionID: ownID, count: 2 } }]);
  expect(accepted()).not.toHaveProperty([ownID]);
  claims.check(has(1));
  expect(accepted()).toHaveProperty([ownID], 1);
});

test('what was sent to one relay may have reached another through other devices', () => {
  sent();
  const other = claimsOf('other');
  other.check(has(1));
  expect(raised).toEqual([]);
  expect(other.accepted(map.id, { [ownID]: 1 })).toEqual({ [ownID]: 1 });
});
