import { cojsonInternals, type LocalNode, type RawCoMap, type SessionID, type SyncMessage } from 'cojson';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createTestLadder } from '../../test/support/sync/test-ladder.ts';
import type { FakeClock } from '../testing/fake-clock.ts';
import { knownCountsOfState, type KnownCounts } from '../engine/known-counts.ts';
import type { Content, KnownState, RawCoID, Signature } from '../engine/content.ts';
import type { DeviceState, DeviceStates } from './delivery/device-states.ts';
import type { Ladder } from './delivery/ladder.ts';
import { createSentSignatures, type SentSignatures } from './sent-signatures.ts';
import { createOwnSessionClaims, type OwnSessionClaim, type OwnSessionClaims } from './own-session-claims.ts';

let node: LocalNode;
let map: RawCoMap;
let ownID: LocalNode['currentSessionID'];
let ladder: Ladder;
let clock: FakeClock;
let claims: OwnSessionClaims;
let raised: OwnSessionClaim[];
let acceptedLater: (readonly [string, KnownCounts])[];
let asked: KnownState[];
let listened: RawCoID[];
let stored: Map<RawCoID, DeviceState>;
let reading: (states: ReadonlyMap<RawCoID, DeviceState>) => ReturnType<DeviceStates['read']>;
let leftByID: Map<string, KnownCounts>;
let sentSignatures: SentSignatures;
beforeEach(async () => {
  node = await createAccountNode();
  ownID = node.currentSessionID;
  map = node.createGroup().createMap({ key: 1 });
  raised = [];
  acceptedLater = [];
  asked = [];
  listened = [];
  stored = new Map();
  reading = (states) => Promise.resolve(states);
  ({ ladder, clock } = createTestLadder({ canSave: false }));
  ladder.useRelays(['relay']);
  leftByID = new Map();
  sentSignatures = createSentSignatures();
  claims = claimsOf('relay');
  ladder.edited(map.id, knownCountsOfState(map.core.knownState()));
});

const claimsOf = (relayID: string) =>
  createOwnSessionClaims({
    node,
    ladder,
    relayID,
    states: {
      read: (ids) => reading(new Map([...stored].filter(([id]) => ids.includes(id)))),
      async *ids() {},
    },
    earlier: new Map(),
    sentSignatures,
    leftByID,
    askAbout: (state) => asked.push(state),
    listenAgain: (id) => listened.push(id),
    onClaim: (claim) => raised.push(claim),
    onAccepted: (id, counts) => acceptedLater.push([id, counts]),
  });

function has(count: number, id: RawCoID = map.id, sessionID = ownID): SyncMessage {
  return { action: 'known', id, header: true, sessions: { [sessionID]: count } };
}

/** The last of so many transactions of a session. */
function tail(count: number, lastSignature: Signature, sessionID = ownID, id: RawCoID = map.id): Content {
  const last = { privacy: 'trusting', madeAt: 0, changes: cojsonInternals.stableStringify([]) } as const;
  const session = { after: count - 1, newTransactions: [last], lastSignature };
  return { action: 'content', id, priority: 3, new: { [sessionID]: session } };
}

/** The relay claims something, and everything that follows at once has happened. */
async function check(message: SyncMessage, by = claims): Promise<void> {
  by.check(message);
  await new Promise((resolve) => setImmediate(resolve));
}

const sent = () => {
  for (const content of map.core.newContentSince() ?? []) claims.sent(content);
};
const accepted = () => claims.accepted(map.id, { header: 1, [ownID]: 1, other: 3 });
const ownSignature = () => map.core.verified.getSession(ownID)?.lastSignature ?? 'signature_z1';
const otherSignature = 'signature_zOther';

describe('a claim of transactions that this run has not sent', () => {
  it('is questioned once, by asking for the last of them, and counts if that is this device’s', async () => {
    await check(has(1));
    expect(asked).toEqual([{ id: map.id, header: true, sessions: { [ownID]: 0 } }]);
    expect(claims.isDisputed(map.id)).toBe(true);
    expect(accepted()).toEqual({ header: 1, other: 3 });
    expect(claims.arriving(tail(1, ownSignature()))).toBeUndefined();
    expect(accepted()).toHaveProperty([ownID], 1);
    expect(acceptedLater).toEqual([[map.id, { [ownID]: 1 }]]);
    expect(raised).toEqual([]);
  });

  it('is questioned on each connection, because what was sent on the one before may be lost', async () => {
    leftByID.set(map.id, { [ownID]: 1 });
    sent();
    await check(has(1));
    expect(asked).toEqual([]);
    claims.lost();
    await check(has(1));
    expect([asked.length, claims.isDisputed(map.id)]).toEqual([1, true]);
  });

  it('[CONF-1] is not made by content, which the relay may send before it has stored it', async () => {
    await check(tail(1, ownSignature()));
    expect([asked, acceptedLater, raised, claims.isDisputed(map.id)]).toEqual([[], [], [], false]);
  });

  it('counts only as what the relay has said, although its content was the first to claim it', async () => {
    const { sessions } = map.core.knownState();
    stored.set(map.id, { counts: { header: 1, [ownID]: 2 }, signatures: { [ownID]: otherSignature } });
    ladder.edited(map.id, { [ownID]: 2 });
    await check(tail(2, otherSignature));
    expect(asked).toEqual([{ id: map.id, header: true, sessions: { ...sessions, [ownID]: 1 } }]);
    claims.arriving(tail(2, otherSignature));
    expect([acceptedLater.flatMap(([, counts]) => Object.keys(counts)), raised]).toEqual([[], []]);
  });

  it.each([
    ['is signed otherwise', () => tail(1, otherSignature)],
    ['is followed by more', () => tail(2, ownSignature())],
  ])('is raised if the last of them %s', async (_, answer) => {
    await check(has(1));
    expect(claims.arriving(answer())).toBeUndefined();
    expect(raised).toEqual([{ id: map.id, relayID: 'relay' }]);
    expect(accepted()).toEqual({ header: 1, other: 3 });
    claims.acceptKnown(map.id, { [ownID]: 1 });
    expect(accepted()).toHaveProperty([ownID], 1);
  });

  it('is questioned again if the relay repeats it instead of answering, and raised if it does so for ever', async () => {
    for (let attempt = 1; attempt <= 3; attempt++) await check(has(1));
    expect([asked.length, raised.length]).toEqual([3, 0]);
    await check(has(1));
    await check(has(1));
    expect([asked.length, raised.length]).toEqual([3, 1]);
  });

  it('stays questioned when an acknowledgement does not name its session', async () => {
    await check(has(1));
    const other = has(3, map.id, 'co_zOther_session_z1' as SessionID);
    await check(Object.assign({ partial: true }, other));
    expect(claims.isDisputed(map.id)).toBe(true);
    expect(accepted()).toEqual({ header: 1, other: 3 });
    await check(other);
    expect(claims.isDisputed(map.id)).toBe(false);
  });

  it('leaves cojson everything else that arrives with the answer', async () => {
    await check(has(1));
    const answer = tail(1, ownSignature());
    const { new: news } = tail(4, otherSignature, `${ownID}Other` as SessionID);
    const earlier = tail(0, otherSignature);
    expect(claims.arriving(earlier)).toEqual(earlier);
    expect(claims.arriving({ ...answer, new: { ...answer.new, ...news } })).toEqual({ ...answer, new: news });
    // The next one was not asked for.
    expect(claims.arriving(answer)).toBe(answer);
  });

  it('is raised again on the next connection if it could not be verified', async () => {
    await check(has(1));
    claims.arriving(tail(1, otherSignature));
    claims.acceptKnown(map.id, {});
    expect(accepted()).not.toHaveProperty([ownID]);
    expect(acceptedLater).toEqual([[map.id, {}]]);
    claims.lost();
    await check(has(1));
    claims.arriving(tail(1, otherSignature));
    expect(raised).toHaveLength(2);
  });

  it('does not count on the next connection if it is found after the connection ended', async () => {
    await check(has(1));
    claims.lost();
    claims.acceptKnown(map.id, { [ownID]: 1 });
    expect(acceptedLater).toEqual([[map.id, {}]]);
  });
});

test('a claim of sent transactions is not questioned', async () => {
  sent();
  await check(has(1));
  expect([raised, asked]).toEqual([[], []]);
  expect(accepted()).toHaveProperty([ownID], 1);
});

test('a claim of more than this device has is raised, together with the rest of the session', async () => {
  sent();
  await check(has(2));
  expect(raised).toEqual([{ id: map.id, relayID: 'relay', ahead: { sessionID: ownID, count: 2 } }]);
  expect(accepted()).not.toHaveProperty([ownID]);
  await check(has(1));
  expect(accepted()).toHaveProperty([ownID], 1);
});

test('[SEC-13] what was sent to one relay is questioned at another, which can have as much of something else', async () => {
  sent();
  const other = claimsOf('other');
  await check(has(1), other);
  expect([raised, asked.length, other.isDisputed(map.id)]).toEqual([[], 1, true]);
});

test('[SEC-13] what was sent on the connection before is questioned, also if the device has more by now', async () => {
  sent();
  claims.lost();
  clock.advance(1_000);
  map.set('key', 2);
  ladder.edited(map.id, knownCountsOfState(map.core.knownState()));
  const signature = sentSignatures.of(map.id, ownID, 1);
  if (!signature) throw new Error('Nothing was sent.');
  await check(has(1));
  expect([raised, asked.length, claims.isDisputed(map.id)]).toEqual([[], 1, true]);
  expect(claims.arriving(tail(1, signature))).toBeUndefined();
  expect(acceptedLater).toEqual([[map.id, { [ownID]: 1 }]]);
});

describe('a claim of what is stored, but not in memory', () => {
  const id = 'co_zElsewhere';
  const earlierID = () => `${ownID}Earlier` as SessionID;

  it('counts if nothing of it is pending', async () => {
    stored.set(id, { counts: { header: 1, [ownID]: 2 }, signatures: {} });
    await check(has(2, id));
    expect([raised, asked]).toEqual([[], []]);
    expect(acceptedLater).toEqual([[id, { [ownID]: 2 }]]);
  });

  it.each([
    ['the session that this run continues', () => ownID],
    ['another session of the account', earlierID],
  ])('is questioned if an earlier run left it in %s', async (_, sessionOf) => {
    const sessionID = sessionOf();
    stored.set(id, { counts: { header: 1, [sessionID]: 2 }, signatures: { [sessionID]: 'signature_z2' } });
    ladder.missing(id, { [sessionID]: 2 });
    await check(has(2, id, sessionID));
    expect(claims.accepted(id, { [sessionID]: 2 })).toEqual({});
    expect(asked).toEqual([{ id, header: true, sessions: { [sessionID]: 1 } }]);
    expect(claims.arriving(tail(2, 'signature_z2', sessionID, id))).toBeUndefined();
    expect(acceptedLater).toEqual([[id, { [sessionID]: 2 }]]);
  });

  it('is raised if the relay has more than an earlier run left in another session', async () => {
    stored.set(id, { counts: { [earlierID()]: 2 }, signatures: { [earlierID()]: 'signature_z2' } });
    ladder.missing(id, { [earlierID()]: 2 });
    await check(has(3, id, earlierID()));
    expect(raised).toEqual([{ id, relayID: 'relay' }]);
  });

  describe('in a session that the relay has, which may be a copy’s', () => {
    beforeEach(() => {
      stored.set(id, { counts: { [ownID]: 2 }, signatures: { [ownID]: 'signature_z2' } });
      leftByID.set(id, { [ownID]: 2 });
      ladder.missing(id, { [ownID]: 2 });
    });

    it.each([
      ['this run continues it', () => Promise.resolve(claims.sent(tail(3, otherSignature, ownID, id)))],
      ['another tab sends it', () => Promise.resolve(claims.mayHave(id, { [ownID]: 3 }))],
      ['another relay has proven to have it', () => proveTo(claimsOf('other'))],
      ['it was accepted before it was known to be pending', () => acceptEarly()],
    ])('is still questioned after %s', async (_, before) => {
      await before();
      asked = [];
      claims.checkAgain(id, { [ownID]: 2 });
      await check(has(2, id));
      expect(asked).not.toEqual([]);
      expect(claims.isDisputed(id)).toBe(true);
    });

    it('is not questioned after this run has sent all of it, or what follows a confirmed part', async () => {
      ladder.confirmed(id, { [ownID]: 1 }, 'relay');
      claims.sent(tail(2, otherSignature, ownID, id));
      await check(has(2, id));
      expect(claims.isDisputed(id)).toBe(false);
    });

    it('is questioned if it is owed again after it was accepted as no longer owed', async () => {
      const checked = check(has(2, id));
      ladder.confirmed(id, { [ownID]: 2 }, 'relay');
      await checked;
      expect([acceptedLater, asked]).toEqual([[[id, { [ownID]: 2 }]], []]);
      ladder.missing(id, { [ownID]: 2 }, 'relay');
      await check(has(2, id));
      expect(asked).toHaveLength(1);
    });

    async function proveTo(other: OwnSessionClaims): Promise<void> {
      await check(has(2, id), other);
      other.arriving(tail(2, 'signature_z2', ownID, id));
      expect(other.isDisputed(id)).toBe(false);
    }

    async function acceptEarly(): Promise<void> {
      ({ ladder } = createTestLadder({ canSave: false }));
      leftByID.clear();
      claims = claimsOf('relay');
      await check(has(2, id));
      expect(acceptedLater).toEqual([[id, { [ownID]: 2 }]]);
      leftByID.set(id, { [ownID]: 2 });
      ladder.useRelays(['relay']);
      ladder.missing(id, { [ownID]: 2 });
    }
  });

  it('is compared with what the relay was asked about, without reading it again', async () => {
    reading = () => Promise.reject(new DOMException('no data', 'UnknownError'));
    ladder.missing(id, { [ownID]: 2 });
    claims.isStored(id, { counts: { [ownID]: 2 }, signatures: { [ownID]: 'signature_z2' } });
    await check(has(2, id));
    expect(asked).toHaveLength(1);
  });

  it('stays questioned while that cannot be read, until the relay’s next answer', async () => {
    reading = () => Promise.reject(new DOMException('no data', 'UnknownError'));
    ladder.missing(id, { [ownID]: 2 });
    stored.set(id, { counts: { [ownID]: 2 }, signatures: { [ownID]: 'signature_z2' } });
    await check(has(2, id));
    expect(claims.accepted(id, { [ownID]: 2 })).toEqual({});
    reading = (states) => Promise.resolve(states);
    await check(has(2, id));
    expect([raised, asked.length]).toEqual([[], 1]);
  });
});

test('content of an owed session is raised if cojson refuses it, because this device has something else there', () => {
  const earlierID = ownID.replace(/_session_.*/, '_session_zEarlier') as SessionID;
  claims.refused(map.id, [earlierID]);
  expect([raised, listened]).toEqual([[], []]);
  ladder.edited(map.id, { [earlierID]: 1 });
  claims.refused(map.id, ['co_zOther_session_z1', earlierID]);
  expect([raised, listened]).toEqual([[{ id: map.id, relayID: 'relay' }], [map.id]]);
});

test('content that cojson refused late, after it had read the CoValue from the disk, ends nothing while an edit is pending', () => {
  claims.check(tail(1, otherSignature, 'co_zOther_session_z1' as SessionID));
  expect(listened).toEqual([map.id]);
  ladder.confirmed(map.id, knownCountsOfState(map.core.knownState()), 'relay');
  claims.check(tail(1, otherSignature, 'co_zOther_session_z1' as SessionID));
  expect(listened).toHaveLength(1);
});

test('content of an own session is handled although cojson has refused something else of the CoValue', () => {
  ladder.confirmed(map.id, knownCountsOfState(map.core.knownState()), 'relay');
  claims.check(tail(1, otherSignature));
  expect(listened).toEqual([map.id]);
});
