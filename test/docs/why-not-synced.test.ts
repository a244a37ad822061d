import { expect, test } from 'vitest';
import { describeReason } from '../../src/inspect/unsynced/describe-reason.ts';
import type { Outage } from '../../src/inspect/snapshot/relay-facts.ts';
import type { Reason } from '../../src/inspect/snapshot/unsynced-row.ts';
import { headings, readText } from './markdown.ts';

const host = 'sync.example';
const error = { code: 'RELAY_REFUSED', message: 'The relay refused it. Ask its operator.' };

/** One reason of each kind. A missing kind does not compile. */
const reasons: { readonly [Kind in Reason['kind']]: Extract<Reason, { kind: Kind }> } = {
  'not-made': { kind: 'not-made', edits: 1, atMs: 1, error },
  'not-counted': { kind: 'not-counted', edits: 1, atMs: 1, why: 'no-access', message: 'no' },
  'not-saved': { kind: 'not-saved', error },
  refused: { kind: 'refused', host, refusal: 'forbidden' },
  withheld: { kind: 'withheld', host, error },
  skipped: { kind: 'skipped', host },
  'asked-again': { kind: 'asked-again', host, atMs: 1 },
  'signed-out': { kind: 'signed-out' },
  off: { kind: 'off' },
  paused: { kind: 'paused' },
  'no-relay': { kind: 'no-relay' },
  'no-server-peer': { kind: 'no-server-peer', gone: [] },
  'relay-failed': { kind: 'relay-failed', host },
  closed: { kind: 'closed', host },
  offline: { kind: 'offline', sinceMs: 1 },
  'not-connected': { kind: 'not-connected', host, sinceMs: 1, retryAtMs: 100_000 },
  silent: { kind: 'silent', host, sinceMs: 1 },
  connecting: { kind: 'connecting', host, sinceMs: 59_000, attempt: 1 },
  queued: { kind: 'queued', host, messages: 40 },
  draining: { kind: 'draining', host, bytes: 40_000 },
  sending: { kind: 'sending', host, sinceMs: 59_000 },
  unanswered: { kind: 'unanswered', host, sinceMs: 1 },
  'not-sent': { kind: 'not-sent', host },
  unread: { kind: 'unread', host, error },
  'other-tab': { kind: 'other-tab', title: 'Photos' },
  unconfirmed: { kind: 'unconfirmed', host, sentAtMs: 1 },
  'not-durable': { kind: 'not-durable', host },
  saving: { kind: 'saving' },
  'out-of-date': { kind: 'out-of-date', waitsFor: ['any'] },
  arrived: { kind: 'arrived' },
};

/** One outage of each kind, which is the verdict while no relay can be reached. */
const outages: { readonly [Kind in Outage['kind']]: Extract<Outage, { kind: Kind }> } = {
  'no-network': { kind: 'no-network' },
  unreachable: { kind: 'unreachable' },
  'connection-lost': { kind: 'connection-lost' },
  'not-a-relay': { kind: 'not-a-relay', status: 404 },
  unreadable: { kind: 'unreadable' },
  'not-allowed': { kind: 'not-allowed', status: 403 },
  'rate-limited': { kind: 'rate-limited', status: 429 },
  'network-login': { kind: 'network-login', status: 511 },
  'server-error': { kind: 'server-error', status: 500 },
  'not-ready': { kind: 'not-ready', status: 503 },
  'relay-silent': { kind: 'relay-silent', sinceMs: 1 },
  'relay-refused': { kind: 'relay-refused', refusal: 'limit', said: 'It is full.' },
  faults: { kind: 'faults' },
  other: { kind: 'other', error },
};

test('docs/why-not-synced.md explains exactly the verdicts of the panel', () => {
  const explained = headings(readText('docs/why-not-synced.md'), /####/);
  const verdicts = [
    ...Object.values(reasons),
    ...Object.values(outages).map((outage) => ({ kind: 'not-connected', host, sinceMs: 1, outage }) as const),
  ].map((reason) => describeReason(reason, 60_000));
  const matches = (heading: string) => (verdict: string) =>
    new RegExp(`^${heading.split('…').map(escaped).join('.+')}$`).test(verdict);
  expect(verdicts.filter((verdict) => !explained.some((heading) => matches(heading)(verdict)))).toEqual([]);
  expect(explained.filter((heading) => !verdicts.some(matches(heading)))).toEqual([]);
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
