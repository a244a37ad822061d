import { describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import { nextStepFor } from './next-step.ts';
import { describeReason } from './describe-reason.ts';
import { firstReason, type Evidence, type Quarrel } from './reason.ts';
import type { Relay } from '../snapshot.ts';

const nowMs = 1_000_000;
const full = createKernelError('STORAGE_FULL', 'This device has no room left for the app. Free some space.');
const forbidden = createKernelError(
  'RELAY_REFUSED',
  'The relay at eu.example refused co_z1: no (forbidden).',
  {
    details: { refusal: 'forbidden' },
  },
);
const tooLarge = createKernelError('MESSAGE_TOO_LARGE', 'An edit of 9 bytes is larger than the relay takes.');
const unreachable = { code: 'RELAY_UNREACHABLE', message: 'The relay cannot be reached. Start it.' };

const badAddress = {
  code: 'SYNC_URL_INVALID',
  message: '“ftp://relay” is no address of a relay. Use wss.',
};

const relay = (over: Partial<Relay> = {}): Relay => ({
  id: 'eu',
  host: 'eu.example',
  url: 'wss://eu.example/sync',
  phase: 'connected',
  phaseSinceMs: nowMs - 60_000,
  ...over,
});
const lost = (phase: Relay['phase'], over: Partial<Relay> = {}) =>
  relay({ phase, disconnectedSinceMs: nowMs - 12_000, ...over });

const edit: UnsyncedCoValue = {
  id: 'co_z1',
  sinceMs: nowMs - 20_000,
  saved: 'reached',
  sent: 'pending',
  confirmed: 'pending',
  durable: 'pending',
  missingAtPeerIDs: ['eu'],
};
const sent = { ...edit, sent: 'reached' } as const;

interface Case {
  readonly situation: string;
  readonly quarrels?: readonly Quarrel[];
  readonly coValue?: UnsyncedCoValue;
  readonly evidence?: Partial<Evidence>;
  readonly says: string;
  readonly control?: 'resume' | 'reconnect' | 'repair';
}
const cases: readonly Case[] = [
  {
    situation: 'what the relay sent of it could not be read, so nothing goes there',
    quarrels: [{ relayID: 'eu', isSkipped: true }],
    says: 'Skipped: what eu.example sent of it could not be read',
  },
  {
    situation: 'the relay asked for it again after it was sent',
    coValue: { ...sent, sentAtMs: nowMs - 4_000 },
    quarrels: [{ relayID: 'eu', askedAgainAtMs: nowMs - 3_000 }],
    says: 'Being sent again: eu.example asked for it',
  },
  {
    situation: 'the relay asked for it again before it was sent',
    coValue: { ...sent, sentAtMs: nowMs - 4_000 },
    quarrels: [{ relayID: 'eu', askedAgainAtMs: nowMs - 5_000 }],
    says: 'Sent 4 s ago, not confirmed by eu.example yet',
  },
  {
    situation: 'the relay asked for it again before this edit was made',
    quarrels: [{ relayID: 'eu', askedAgainAtMs: nowMs - 30_000 }],
    says: 'Being sent to eu.example',
  },
  {
    situation: 'another relay has a quarrel with it',
    quarrels: [{ relayID: 'us', isSkipped: true }],
    says: 'Being sent to eu.example',
  },
  {
    situation: 'the local write failed, though a relay has it',
    coValue: { ...sent, saved: 'failed', confirmed: 'reached', durable: 'reached', error: full },
    says: 'Not saved on this device: storage is full',
  },
  {
    situation: 'the local write failed while offline: the worse fact comes first',
    coValue: { ...edit, saved: 'failed', error: full },
    evidence: { relays: [lost('offline')] },
    says: 'Not saved on this device: storage is full',
  },
  {
    situation: 'the relay refused it',
    coValue: { ...sent, confirmed: 'failed', error: forbidden },
    says: 'Refused by eu.example: forbidden',
  },
  {
    situation: 'it is too large to be sent',
    coValue: { ...edit, sent: 'failed', error: tooLarge },
    says: 'Not sent to eu.example: larger than a relay takes',
  },
  { situation: 'sync is off', evidence: { status: 'off', relays: [] }, says: 'Sync is switched off' },
  {
    situation: 'nobody is signed in',
    evidence: { status: 'signed-out', relays: [] },
    says: 'Nobody is signed in',
  },
  {
    situation: 'sync is paused',
    evidence: { status: 'paused', relays: [lost('paused')] },
    says: 'Paused',
    control: 'resume',
  },
  { situation: 'no relay was given', evidence: { relays: [] }, says: 'There is no relay' },
  {
    situation: 'the relay’s address cannot be used',
    evidence: { status: 'failed', relays: [], error: badAddress },
    says: 'There is no relay: “ftp://relay” is no address of a relay',
  },
  {
    situation: 'it was refused before what was sent had drained',
    coValue: { ...edit, sent: 'failed', confirmed: 'failed', error: forbidden },
    says: 'Refused by eu.example: forbidden',
  },
  {
    situation: 'the relay is not tried again',
    evidence: { relays: [lost('failed', { error: unreachable })] },
    says: 'eu.example is not tried again: The relay cannot be reached',
    control: 'reconnect',
  },
  {
    situation: 'sync was closed',
    evidence: { relays: [lost('closed')] },
    says: 'Sync with eu.example has ended',
  },
  {
    situation: 'the browser has no network',
    evidence: { relays: [lost('offline')] },
    says: 'Offline for 12 s, next attempt when the browser has a network',
  },
  {
    situation: 'the relay is waited for',
    evidence: { relays: [lost('waiting', { retryAtMs: nowMs + 6_000, attempt: 2, error: unreachable })] },
    says: 'Not connected for 12 s, next attempt in 6 s',
    control: 'reconnect',
  },
  {
    situation: 'the relay is being dialled',
    evidence: { relays: [lost('connecting', { attempt: 3 })] },
    says: 'Connecting to eu.example, attempt 3',
  },
  {
    situation: 'messages are queued before it',
    evidence: { queuesByRelayID: new Map([['eu', { messages: 38, bufferedBytes: 100_001 }]]) },
    says: 'Not sent: 38 messages queued for eu.example',
  },
  {
    situation: 'the socket is full',
    evidence: { queuesByRelayID: new Map([['eu', { messages: 'unknown', bufferedBytes: 96_000 }]]) },
    says: 'Not sent: 96 kB left in the socket to eu.example',
  },
  {
    situation: 'the node was made with syncWhen: never',
    coValue: { ...edit, trackedFor: [], missingAtPeerIDs: [] },
    evidence: { status: 'off', relays: [] },
    says: "Sync is switched off: the node was made with `syncWhen: 'never'`",
  },
  {
    situation: 'cojson waits for any peer, and there was none',
    coValue: { ...edit, trackedFor: ['any'], missingAtPeerIDs: [] },
    evidence: { status: 'offline', relays: [] },
    says: 'No relay was ever added: the node has no server peer',
  },
  {
    situation: 'cojson waits for a peer that was taken away',
    coValue: { ...edit, trackedFor: ['any', 'eu'], missingAtPeerIDs: [] },
    evidence: { status: 'offline', relays: [] },
    says: 'The peer that it waits for was taken away: eu',
  },
  {
    situation: 'cojson has given it to its peer',
    coValue: { ...edit, sent: 'unknown', trackedFor: ['eu'] },
    says: 'Handed over, not confirmed by eu.example yet',
  },
  {
    situation: 'every relay has what cojson still counts as unsynced',
    coValue: { ...sent, confirmed: 'reached', durable: 'unknown', trackedFor: ['old'], missingAtPeerIDs: [] },
    says: 'cojson’s tracker is out of date: every relay has all of it',
    control: 'repair',
  },
  { situation: 'it is on its way out', says: 'Being sent to eu.example' },
  {
    situation: 'it was sent and not answered',
    coValue: { ...sent, sentAtMs: nowMs - 4_000 },
    says: 'Sent 4 s ago, not confirmed by eu.example yet',
  },
  {
    situation: 'it was sent at a time nobody noted',
    coValue: sent,
    says: 'Sent, not confirmed by eu.example yet',
  },
  {
    situation: 'the relay has it in memory only',
    coValue: { ...sent, confirmed: 'reached' },
    says: 'Confirmed, not durable at eu.example yet',
  },
  {
    situation: 'only this device’s storage is slow',
    coValue: { ...sent, saved: 'pending', confirmed: 'reached', durable: 'unknown' },
    says: 'Being saved on this device',
  },
  {
    situation: 'it has arrived since it was listed',
    coValue: { ...sent, confirmed: 'reached', durable: 'reached' },
    says: 'Arrived',
  },
  {
    situation: 'one of two relays lacks it',
    coValue: { ...sent, missingAtPeerIDs: ['us'] },
    evidence: { relays: [lost('waiting'), relay({ id: 'us', host: 'us.example' })] },
    says: 'Sent, not confirmed by us.example yet',
  },
  {
    situation: 'one of two relays cannot be reached',
    evidence: { relays: [lost('waiting'), relay({ id: 'us', host: 'us.example' })] },
    says: 'Not connected to eu.example for 12 s',
    control: 'reconnect',
  },
  {
    situation: 'both relays lack it: the one without a connection is the reason',
    coValue: { ...edit, missingAtPeerIDs: ['us', 'eu'] },
    evidence: { relays: [relay({ id: 'us', host: 'us.example' }), lost('offline')] },
    says: 'Offline for 12 s, next attempt when the browser has a network',
  },
];

describe('first reason', () => {
  it.each(cases)('when $situation: "$says"', ({ coValue = edit, evidence, quarrels, says, control }) => {
    const usual = { status: 'syncing', relays: [relay()], queuesByRelayID: new Map() } as const;
    const reason = firstReason(coValue, { ...usual, ...evidence }, quarrels);
    expect(describeReason(reason, nowMs)).toBe(says);
    const next = nextStepFor(reason);
    expect(next.control).toBe(control);
    expect(next.advice).toMatch(/\.$/);
  });

  it.each(['forbidden', 'limit', 'outdated', 'a code of a later version'])(
    'has advice on a refusal with the code “%s”, which the relay’s own words are not',
    (refusal) => {
      const error = { code: 'RELAY_REFUSED', message: 'The relay refused it: no.' };
      const { advice } = nextStepFor({ kind: 'refused', host: 'eu.example', refusal, error });
      expect(advice).toMatch(/ask|write less|reload/i);
    },
  );

  it('holds facts that stay the same while time passes, and plain JSON', () => {
    const evidence: Evidence = { status: 'offline', relays: [lost('offline')], queuesByRelayID: new Map() };
    const reason = firstReason(edit, evidence);
    expect(firstReason({ ...edit }, evidence)).toEqual(reason);
    expect(JSON.parse(JSON.stringify(reason))).toEqual(reason);
    expect(describeReason(reason, nowMs + 60_000)).toMatch(/^Offline for 1 min,/);
  });
});
