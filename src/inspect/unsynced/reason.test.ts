import { describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { describeReason } from './describe-reason.ts';
import { nextStepFor } from './next-step.ts';
import { firstReason, type Evidence, type Dispute } from './reason.ts';

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
  readonly disputes?: readonly Dispute[];
  readonly coValue?: UnsyncedCoValue;
  readonly evidence?: Partial<Evidence>;
  readonly verdict: string;
  readonly control?: 'resume' | 'reconnect' | 'repair';
}
const cases: readonly Case[] = [
  {
    situation: 'cojson could not read what the relay sent, so it sends nothing more',
    disputes: [{ relayID: 'eu', isSkipped: true }],
    verdict: 'Skipped: cojson could not read what eu.example sent',
  },
  {
    situation: 'the relay requests a resend after the edit was sent',
    coValue: { ...sent, sentAtMs: nowMs - 4_000 },
    disputes: [{ relayID: 'eu', askedAgainAtMs: nowMs - 3_000 }],
    verdict: 'Resending: eu.example requested it',
  },
  {
    situation: 'the relay requested a resend before the edit was sent',
    coValue: { ...sent, sentAtMs: nowMs - 4_000 },
    disputes: [{ relayID: 'eu', askedAgainAtMs: nowMs - 5_000 }],
    verdict: 'Sent 4 s ago, not yet confirmed by eu.example',
  },
  {
    situation: 'the relay requested a resend before the user made the edit',
    disputes: [{ relayID: 'eu', askedAgainAtMs: nowMs - 30_000 }],
    verdict: 'Being sent to eu.example',
  },
  {
    situation: 'another relay has a dispute with it',
    disputes: [{ relayID: 'us', isSkipped: true }],
    verdict: 'Being sent to eu.example',
  },
  {
    situation: 'the local write failed although a relay has it',
    coValue: { ...sent, saved: 'failed', confirmed: 'reached', durable: 'reached', error: full },
    verdict: 'Not saved on this device: storage is full',
  },
  {
    situation: 'the local write failed while offline: the worse problem comes first',
    coValue: { ...edit, saved: 'failed', error: full },
    evidence: { relays: [lost('offline')] },
    verdict: 'Not saved on this device: storage is full',
  },
  {
    situation: 'the relay refused it',
    coValue: { ...sent, confirmed: 'failed', error: forbidden },
    verdict: 'Refused by eu.example: forbidden',
  },
  {
    situation: 'it is too large to be sent',
    coValue: { ...edit, sent: 'failed', error: tooLarge },
    verdict: 'Not sent to eu.example: larger than the relay accepts',
  },
  { situation: 'sync is off', evidence: { status: 'off', relays: [] }, verdict: 'Sync is switched off' },
  {
    situation: 'no account is signed in',
    evidence: { status: 'signed-out', relays: [] },
    verdict: 'Not signed in',
  },
  {
    situation: 'sync is paused',
    evidence: { status: 'paused', relays: [lost('paused')] },
    verdict: 'Paused',
    control: 'resume',
  },
  { situation: 'no relay was given', evidence: { relays: [] }, verdict: 'There is no relay' },
  {
    situation: 'the relay’s address is unusable',
    evidence: { status: 'failed', relays: [], error: badAddress },
    verdict: 'There is no relay: “ftp://relay” is no address of a relay',
  },
  {
    situation: 'the relay refused it before the socket had drained',
    coValue: { ...edit, sent: 'failed', confirmed: 'failed', error: forbidden },
    verdict: 'Refused by eu.example: forbidden',
  },
  {
    situation: 'the kernel has given up on the relay',
    evidence: { relays: [lost('failed', { error: unreachable })] },
    verdict: 'No more attempts to reach eu.example: The relay cannot be reached',
    control: 'reconnect',
  },
  {
    situation: 'sync was closed',
    evidence: { relays: [lost('closed')] },
    verdict: 'Sync with eu.example has ended',
  },
  {
    situation: 'the browser has no network',
    evidence: { relays: [lost('offline')] },
    verdict: 'Offline for 12 s, next attempt when the network returns',
  },
  {
    situation: 'the kernel waits before the next attempt',
    evidence: { relays: [lost('waiting', { retryAtMs: nowMs + 6_000, attempt: 2, error: unreachable })] },
    verdict: 'Not connected for 12 s, next attempt in 6 s',
    control: 'reconnect',
  },
  {
    situation: 'the kernel is dialing the relay',
    evidence: { relays: [lost('connecting', { attempt: 3 })] },
    verdict: 'Connecting to eu.example, attempt 3',
  },
  {
    situation: 'messages are queued ahead of it',
    evidence: { queuesByRelayID: new Map([['eu', { messages: 38, bufferedBytes: 100_001 }]]) },
    verdict: 'Not sent: 38 messages queued for eu.example',
  },
  {
    situation: 'the socket is full',
    evidence: { queuesByRelayID: new Map([['eu', { messages: 'unknown', bufferedBytes: 96_000 }]]) },
    verdict: 'Not sent: 96 kB still in the socket to eu.example',
  },
  {
    situation: 'the node was created with syncWhen: never',
    coValue: { ...edit, trackedFor: [], missingAtPeerIDs: [] },
    evidence: { status: 'off', relays: [] },
    verdict: "Sync is switched off: the node was created with `syncWhen: 'never'`",
  },
  {
    situation: 'cojson waits for any peer, and there never was one',
    coValue: { ...edit, trackedFor: ['any'], missingAtPeerIDs: [] },
    evidence: { status: 'offline', relays: [] },
    verdict: 'No relay was ever added: the node has no server peer',
  },
  {
    situation: 'cojson waits for a removed peer',
    coValue: { ...edit, trackedFor: ['any', 'eu'], missingAtPeerIDs: [] },
    evidence: { status: 'offline', relays: [] },
    verdict: 'The peer it waits for was removed: eu',
  },
  {
    situation: 'cojson handed it to its peer',
    coValue: { ...edit, sent: 'unknown', trackedFor: ['eu'] },
    verdict: 'Handed to the peer, not yet confirmed by eu.example',
  },
  {
    situation: 'every relay has it, but cojson still counts it as unsynced',
    coValue: { ...sent, confirmed: 'reached', durable: 'unknown', trackedFor: ['old'], missingAtPeerIDs: [] },
    verdict: 'cojson’s tracker is out of date: every relay has all of it',
    control: 'repair',
  },
  { situation: 'it is being sent', verdict: 'Being sent to eu.example' },
  {
    situation: 'it was sent and is unanswered',
    coValue: { ...sent, sentAtMs: nowMs - 4_000 },
    verdict: 'Sent 4 s ago, not yet confirmed by eu.example',
  },
  {
    situation: 'it was sent at an unknown time',
    coValue: sent,
    verdict: 'Sent, not yet confirmed by eu.example',
  },
  {
    situation: 'the relay has it in memory only',
    coValue: { ...sent, confirmed: 'reached' },
    verdict: 'Confirmed, not yet durable at eu.example',
  },
  {
    situation: 'only the device’s storage is slow',
    coValue: { ...sent, saved: 'pending', confirmed: 'reached', durable: 'unknown' },
    verdict: 'Being saved on this device',
  },
  {
    situation: 'it arrived after it was listed',
    coValue: { ...sent, confirmed: 'reached', durable: 'reached' },
    verdict: 'Arrived',
  },
  {
    situation: 'one of two relays lacks it',
    coValue: { ...sent, missingAtPeerIDs: ['us'] },
    evidence: { relays: [lost('waiting'), relay({ id: 'us', host: 'us.example' })] },
    verdict: 'Sent, not yet confirmed by us.example',
  },
  {
    situation: 'one of two relays is unreachable',
    evidence: { relays: [lost('waiting'), relay({ id: 'us', host: 'us.example' })] },
    verdict: 'Not connected to eu.example for 12 s',
    control: 'reconnect',
  },
  {
    situation: 'both relays lack it: the disconnected one is the reason',
    coValue: { ...edit, missingAtPeerIDs: ['us', 'eu'] },
    evidence: { relays: [relay({ id: 'us', host: 'us.example' }), lost('offline')] },
    verdict: 'Offline for 12 s, next attempt when the network returns',
  },
];

describe('first reason', () => {
  it.each(cases)(
    '[PANEL-11] is "$verdict" if $situation',
    ({ coValue = edit, evidence, disputes, verdict, control }) => {
      const usual = { status: 'syncing', relays: [relay()], queuesByRelayID: new Map() } as const;
      const reason = firstReason(coValue, { ...usual, ...evidence }, disputes);
      expect(describeReason(reason, nowMs)).toBe(verdict);
      const next = nextStepFor(reason);
      expect(next.control).toBe(control);
      expect(next.advice).toMatch(/\.$/);
    },
  );

  it.each(['forbidden', 'limit', 'outdated', 'a code of a later version'])(
    'gives its own advice on the refusal “%s” instead of the relay’s text',
    (refusal) => {
      const error = { code: 'RELAY_REFUSED', message: 'The relay refused it: no.' };
      const { advice } = nextStepFor({ kind: 'refused', host: 'eu.example', refusal, error });
      expect(advice).toMatch(/ask|write less|reload/i);
    },
  );

  it('names an unknown refusal as such, and treats it as forbidden', () => {
    const { advice } = nextStepFor({ kind: 'refused', refusal: 'a code of a later version' });
    expect(advice).toMatch(/does not know/);
    expect(advice).toContain(nextStepFor({ kind: 'refused', refusal: 'forbidden' }).advice);
  });

  it('is plain JSON that does not change over time', () => {
    const evidence: Evidence = { status: 'offline', relays: [lost('offline')], queuesByRelayID: new Map() };
    const reason = firstReason(edit, evidence);
    expect(firstReason({ ...edit }, evidence)).toEqual(reason);
    expect(JSON.parse(JSON.stringify(reason))).toEqual(reason);
    expect(describeReason(reason, nowMs + 60_000)).toMatch(/^Offline for 1 min,/);
  });
});
