import { describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Outage } from '../snapshot/relay-facts.ts';
import { outageOf } from './outage.ts';

const host = 'eu.example';
const unreachable = (details: Readonly<Record<string, unknown>>) =>
  createKernelError('RELAY_UNREACHABLE', 'It failed. Try again.', { details });
const usual = { wasConnected: false, isOnline: true, lastReceivedMs: 7 };

describe('the outage of a relay', () => {
  it.each<[string, Parameters<typeof outageOf>[0], Partial<typeof usual>, Outage]>([
    ['nothing answers', unreachable({ host }), {}, { kind: 'unreachable' }],
    ['the connection ended', unreachable({ host }), { wasConnected: true }, { kind: 'connection-lost' }],
    ['the browser is offline', unreachable({ host }), { isOnline: false }, { kind: 'no-network' }],
    ['the page may not read the answer', unreachable({ host, status: 0 }), {}, { kind: 'unreadable' }],
    ['the relay starts', unreachable({ host, status: 503 }), {}, { kind: 'not-ready', status: 503 }],
    [
      'the page’s origin is refused',
      unreachable({ host, status: 403 }),
      {},
      { kind: 'not-allowed', status: 403 },
    ],
    ['it connects too often', unreachable({ host, status: 429 }), {}, { kind: 'rate-limited', status: 429 }],
    ['the server fails', unreachable({ host, status: 500 }), {}, { kind: 'server-error', status: 500 }],
    [
      'the network wants a login',
      unreachable({ host, status: 511 }),
      {},
      { kind: 'network-login', status: 511 },
    ],
    ['faults are injected', unreachable({ byFaultPlan: true }), {}, { kind: 'faults' }],
    [
      'the relay stops',
      unreachable({ refusal: 'draining', reason: 'The relay is stopping.' }),
      { wasConnected: true },
      { kind: 'relay-refused', refusal: 'draining', said: 'The relay is stopping.' },
    ],
    [
      'the app’s transport failed',
      unreachable({}),
      {},
      { kind: 'other', error: { code: 'RELAY_UNREACHABLE', message: 'It failed. Try again.' } },
    ],
    [
      'a web page answered',
      createKernelError('RELAY_NOT_A_RELAY', 'x', { details: { host, status: 200, type: 'text/html' } }),
      {},
      { kind: 'not-a-relay', status: 200, type: 'text/html' },
    ],
    [
      'the server is an echo',
      createKernelError('RELAY_NOT_A_RELAY', 'x', { details: { isEcho: true } }),
      {},
      { kind: 'not-a-relay', isEcho: true },
    ],
    ['the relay is silent', createKernelError('RELAY_SILENT', 'x'), {}, { kind: 'relay-silent', sinceMs: 7 }],
    [
      'the relay is full',
      createKernelError('RELAY_LIMIT', 'x', { details: { refusal: 'limit', reason: 'Full.' } }),
      {},
      { kind: 'relay-refused', refusal: 'limit', said: 'Full.' },
    ],
  ])('if %s', (_situation, error, circumstances, outage) => {
    expect(outageOf(error, { ...usual, ...circumstances })).toEqual(outage);
  });
});
