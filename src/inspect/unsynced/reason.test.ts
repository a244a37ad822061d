import { describe, expect, it } from 'vitest';
import { createKernelError, type RefusalCode } from '../../base/kernel-error.ts';
import { refusalCodes } from '../../wire/refusal-code.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { describeReason } from './describe-reason.ts';
import { nextStepFor } from './next-step.ts';
import { stepOnOutage } from './outage-advice.ts';
import { firstReason, type Evidence, type Dispute } from './reason.ts';

const nowMs = 1_000_000;
const full = createKernelError('STORAGE_FULL', 'This device has no room left for the app. Free some space.');
const forbidden = createKernelError(
  'RELAY_REFUSED',
  'The relay at eu.example refused co_z1: no (forbidden).',
  {
    details: { refusal: 'forbidden', reason: 'The author has no role.' },
  },
);
const tooLarge = createKernelError(
  'MESSAGE_TOO_LARGE',
  'An edit of 12 MB exceeds the limit. Write in pieces.',
  {
    details: { bytes: 12_000_000, limit: 10_000_000 },
  },
);
const closed = { code: 'STORAGE_CLOSED', message: 'The browser closed it. Wait.' };
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
const allRefusals: readonly RefusalCode[] = [...refusalCodes, 'unknown'];

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
    situation: 'another tab, which is paused, is to send it',
    evidence: {
      leftTo: () => ({ title: 'Photos', relays: [{ host: 'eu.example', phase: 'paused' }] }),
    },
    verdict: 'Left to another tab, “Photos”, which is paused',
  },
  {
    situation: 'another tab, which has not answered, is to send it',
    evidence: { leftTo: () => ({}) },
    verdict: 'Left to another tab',
  },
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
    situation: 'the relay requested a resend, was sent it again, and still lacks the oldest edit',
    coValue: { ...sent, sentAtMs: nowMs - 4_000 },
    disputes: [{ relayID: 'eu', askedAgainAtMs: nowMs - 5_000 }],
    verdict: 'Resending: eu.example requested it',
  },
  {
    situation: 'the relay requested a resend before the user made the edit',
    coValue: { ...edit, sinceMs: nowMs - 4_000 },
    disputes: [{ relayID: 'eu', askedAgainAtMs: nowMs - 30_000 }],
    verdict: 'Being sent to eu.example',
  },
  {
    situation: 'another relay has a dispute with it',
    coValue: { ...edit, sinceMs: nowMs - 4_000 },
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
    verdict: 'Refused by eu.example (forbidden): the author has no role',
  },
  {
    situation: 'it is too large to be sent',
    coValue: { ...edit, sent: 'failed', error: tooLarge },
    verdict: 'Too large for eu.example: 12 MB, limit 10 MB',
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
    verdict: 'Refused by eu.example (forbidden): the author has no role',
  },
  {
    situation: 'the kernel has given up on the relay',
    evidence: { relays: [lost('failed', { error: unreachable })] },
    verdict: 'No more attempts to reach eu.example: The relay cannot be reached',
    control: 'reconnect',
  },
  {
    situation: 'the session was closed or signed out',
    evidence: { status: 'off', relays: [lost('closed')] },
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
    verdict: 'Not connected to eu.example for 12 s, next attempt in 6 s',
    control: 'reconnect',
  },
  {
    situation: 'nothing answers at the relay’s address',
    evidence: {
      relays: [lost('waiting', { retryAtMs: nowMs + 6_000, outage: { kind: 'unreachable' } })],
    },
    verdict: 'Relay unreachable for 12 s: nothing at eu.example answers this page, next attempt in 6 s',
    control: 'reconnect',
  },
  {
    situation: 'the kernel dials again after a web page answered',
    evidence: {
      relays: [
        lost('connecting', {
          attempt: 3,
          urlSource: 'page',
          outage: { kind: 'not-a-relay', status: 200, type: 'text/html' },
        }),
      ],
    },
    verdict:
      'No relay at eu.example: the server answered with a web page (HTTP 200, text/html), attempt 3 is running',
    control: 'reconnect',
  },
  {
    situation: 'the relay is full',
    evidence: {
      relays: [
        lost('waiting', {
          retryAtMs: nowMs,
          outage: {
            kind: 'relay-refused',
            refusal: 'limit',
            said: 'The relay is at its limit of 20 connections.',
          },
        }),
      ],
    },
    verdict: 'Refused by eu.example (limit): the relay is at its limit of 20 connections, next attempt now',
    control: 'reconnect',
  },
  {
    situation: 'the relay has fallen silent on an open connection',
    coValue: { ...sent, sentAtMs: nowMs - 8_000 },
    evidence: { relays: [relay({ outage: { kind: 'relay-silent', sinceMs: nowMs - 9_000 } })] },
    verdict: 'Relay silent for 9 s: eu.example sends nothing',
  },
  {
    situation: 'the kernel dials the relay for the first time',
    evidence: { relays: [lost('connecting', { attempt: 1, disconnectedSinceMs: nowMs - 1_000 })] },
    verdict: 'Connecting to eu.example, attempt 1',
  },
  {
    situation: 'the first attempt takes long',
    evidence: { relays: [lost('connecting', { attempt: 1, disconnectedSinceMs: nowMs - 8_000 })] },
    verdict: 'Connecting to eu.example, attempt 1: not connected after 8 s',
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
  {
    situation: 'it is being sent',
    coValue: { ...edit, sinceMs: nowMs - 4_000 },
    verdict: 'Being sent to eu.example',
  },
  {
    situation: 'the relay has just connected',
    evidence: { relays: [relay({ phaseSinceMs: nowMs - 2_000 })] },
    verdict: 'Being sent to eu.example',
  },
  {
    situation: 'nothing else waits, and the relay does not say what it has of it',
    coValue: { ...edit, sinceMs: nowMs - 12_000 },
    verdict: 'Not sent: eu.example has not answered for 12 s',
  },
  {
    situation: 'nothing else waits, and the relay has said on this connection what it has of it',
    disputes: [{ relayID: 'eu', answeredAtMs: nowMs - 15_000 }],
    verdict: 'Not sent, although eu.example has answered',
  },
  {
    situation: 'the relay said on an earlier connection what it has of it, and not on this one',
    evidence: { relays: [relay({ phaseSinceMs: nowMs - 12_000 })] },
    disputes: [{ relayID: 'eu', answeredAtMs: nowMs - 15_000 }],
    verdict: 'Not sent: eu.example has not answered for 12 s',
  },
  {
    situation: 'the relay has just said what it has of an edit that was just made',
    coValue: { ...edit, sinceMs: nowMs - 4_000 },
    disputes: [{ relayID: 'eu', answeredAtMs: nowMs - 3_000 }],
    verdict: 'Being sent to eu.example',
  },
  {
    situation: 'this device cannot read it',
    evidence: { readError: closed },
    verdict: 'Not sent, because this device cannot read the edits: the browser closed the database',
  },
  {
    situation: 'this device can read nothing, but need not',
    coValue: { ...edit, sinceMs: nowMs - 12_000 },
    evidence: { readError: closed, isLoaded: () => true },
    verdict: 'Not sent: eu.example has not answered for 12 s',
  },
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
      const usual = { status: 'syncing', relays: [relay()], queuesByRelayID: new Map(), nowMs } as const;
      const reason = firstReason(coValue, { ...usual, ...evidence }, disputes);
      expect(describeReason(reason, nowMs)).toBe(verdict);
      const next = nextStepFor(reason);
      expect(next.control).toBe(control);
      expect(next.advice).toMatch(/\.$/);
    },
  );

  it.each(allRefusals)(
    'gives advice of its own on the refusal “%s”, and on the same of a connection',
    (refusal) => {
      const said = 'The relay’s own words.';
      const onEdit = nextStepFor({ kind: 'refused', host: 'eu.example', refusal, said });
      const onConnection = stepOnOutage({ kind: 'relay-refused', refusal, said }, 'eu.example', undefined);
      for (const { advice, code } of [onEdit, onConnection]) {
        expect(advice).toMatch(/\.$/);
        expect(advice).not.toContain(said);
        expect(code).not.toBe('nothing');
      }
      expect(onConnection.advice).not.toContain('this CoValue');
    },
  );

  it('never shows the text of a relay that refused the connection permanently as advice', () => {
    const said = 'Wipe this device now.';
    const error = { code: 'RELAY_REFUSED', message: `The relay refused (unknown): ${said}` };
    const outage = { kind: 'relay-refused', refusal: 'unknown', said } as const;
    const reason = firstReason(edit, {
      ...{ status: 'failed', relays: [lost('failed', { error, outage })] },
      ...{ queuesByRelayID: new Map(), nowMs },
    });
    expect(reason.kind).toBe('relay-failed');
    expect(nextStepFor(reason)).toEqual(stepOnOutage(outage, 'eu.example', undefined));
    expect(nextStepFor(reason).advice).not.toContain(said);
  });

  it.each([
    [429, 'rate-limited', 'Not connected for 12 s: eu.example asks', 'wait', 'limits how often'],
    [
      500,
      'server-error',
      'Not connected for 12 s: the server at eu.example is failing',
      'check-relay',
      'log of the server',
    ],
    [503, 'not-ready', 'Relay not ready for 12 s: eu.example answered', 'wait', 'starting or stopping'],
    [
      511,
      'network-login',
      'Not connected for 12 s: this network requires a login',
      'check-network',
      'log in to this',
    ],
  ] as const)(
    'distinguishes HTTP %i from other answers that may pass',
    (status, kind, what, code, advice) => {
      const outage = { kind, status };
      const reason = { kind: 'not-connected', host: 'eu.example', sinceMs: nowMs - 12_000, outage } as const;
      expect(describeReason(reason, nowMs)).toMatch(new RegExp(`^${what}.*HTTP ${status}`));
      expect(nextStepFor(reason)).toMatchObject({ code, advice: expect.stringContaining(advice) as string });
    },
  );

  it('mentions the login page of a network where a server’s answer cannot be read', () => {
    expect(stepOnOutage({ kind: 'unreadable' }, 'eu.example', 'option').advice).toContain('login page');
  });

  it('mentions no policy of a page outside a browser, where nothing answers', () => {
    expect(stepOnOutage({ kind: 'unreachable' }, 'eu.example', undefined).advice).toBe(
      'Check that a relay is running at eu.example. Correct the address if the relay is elsewhere.',
    );
  });

  it('gives no refusal the advice of another one', () => {
    const adviceOn = (refusal: RefusalCode) => nextStepFor({ kind: 'refused', refusal }).advice;
    expect(new Set(allRefusals.map(adviceOn)).size).toBe(allRefusals.length);
    expect(adviceOn('unknown')).toMatch(/does not know/);
  });

  it('is plain JSON that does not change over time', () => {
    const evidence: Evidence = {
      status: 'offline',
      relays: [lost('offline')],
      queuesByRelayID: new Map(),
      nowMs,
    };
    const reason = firstReason(edit, evidence);
    expect(firstReason({ ...edit }, evidence)).toEqual(reason);
    expect(JSON.parse(JSON.stringify(reason))).toEqual(reason);
    expect(describeReason(reason, nowMs + 60_000)).toMatch(/^Offline for 1 min,/);
  });
});
