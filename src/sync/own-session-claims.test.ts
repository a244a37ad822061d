import type { LocalNode, RawCoMap, SyncMessage } from 'cojson';
import { beforeEach, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { coverageOfContent, coverageOfState, type Coverage } from '../engine/known-counts.ts';
import { createLadder, type Ladder } from './ladder.ts';
import { createOwnSessionClaims, type OwnSessionClaim, type OwnSessionClaims } from './own-session-claims.ts';

let node: LocalNode;
let map: RawCoMap;
let own: LocalNode['currentSessionID'];
let ladder: Ladder;
let claims: OwnSessionClaims;
let raised: OwnSessionClaim[];
let sentByID: Map<string, Coverage>;
beforeEach(async () => {
  node = await createAccountNode();
  own = node.currentSessionID;
  map = node.createGroup().createMap({ key: 1 });
  raised = [];
  ladder = createLadder({
    ...{ clock: systemClock, canSave: () => false, isComplete: () => true },
    ...{ onPending: () => {}, onDone: () => {}, onConfirmed: () => {}, onChange: () => {} },
  });
  ladder.useRelays(['relay']);
  sentByID = new Map();
  claims = claimsOf('relay');
  ladder.edited(map.id, coverageOfState(map.core.knownState()));
});

const claimsOf = (relayID: string) =>
  createOwnSessionClaims({ node, ladder, relayID, sentByID, onClaim: (claim) => raised.push(claim) });
const has = (count: number): SyncMessage => ({
  action: 'known',
  id: map.id,
  header: true,
  sessions: { [own]: count },
});
const sent = () => {
  for (const content of map.core.newContentSince() ?? []) claims.sent(content.id, coverageOfContent(content));
};
const believed = () => claims.believed(map.id, { header: 1, [own]: 1, other: 3 });

test('what was never sent is doubted, once, and believed when it was found', () => {
  claims.hears(has(1));
  claims.hears(has(1));
  expect(raised).toEqual([{ id: map.id, relayID: 'relay' }]);
  expect(believed()).toEqual({ header: 1, other: 3 });
  claims.believe(map.id, { [own]: 1 });
  expect(believed()).toHaveProperty([own], 1);
  expect(ladder.pending.get(map.id)?.atRelays.relay?.confirmed).toEqual({ [own]: 1 });
});

test('what was looked for in vain stays doubted, and is raised on the next connection', () => {
  claims.hears(has(1));
  claims.believe(map.id, {});
  expect(believed()).not.toHaveProperty([own]);
  expect(ladder.pending.get(map.id)?.atRelays.relay?.confirmed).toEqual({});
  claims.lost();
  claims.hears(has(1));
  expect(raised).toHaveLength(2);
});

test('what was sent is not doubted', () => {
  sent();
  claims.hears(has(1));
  expect(raised).toEqual([]);
  expect(believed()).toHaveProperty([own], 1);
});

test('more than this device has is doubted, and with it all of the session', () => {
  sent();
  claims.hears(has(2));
  expect(raised).toEqual([{ id: map.id, relayID: 'relay', ahead: { sessionID: own, count: 2 } }]);
  expect(believed()).not.toHaveProperty([own]);
  claims.hears(has(1));
  expect(believed()).toHaveProperty([own], 1);
});

test('what was sent to one relay may have come to another by way of other devices', () => {
  sent();
  const other = claimsOf('other');
  other.hears(has(1));
  expect(raised).toEqual([]);
  expect(other.believed(map.id, { [own]: 1 })).toEqual({ [own]: 1 });
});
