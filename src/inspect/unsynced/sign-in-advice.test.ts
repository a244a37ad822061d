import { expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import * as errors from '../../sync/auth/auth-errors.ts';
import { allIsWell } from '../../../e2e/support/reassurances.ts';
import { outageOf } from '../peers/outage.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { describeReason } from './describe-reason.ts';
import { nextStepFor } from './next-step.ts';
import { firstReason } from './reason.ts';

const nowMs = 1_000_000;
const url = new URL('wss://eu.example/sync');
const refused = (code: 'unauthorized' | 'expired') =>
  createKernelError('RELAY_UNAUTHORIZED', `The relay at eu.example refused (${code}): The token is old.`, {
    details: { refusal: code, reason: 'The token is old.' },
  });

it.each([
  [
    errors.notSetUp(url),
    'This device cannot sign in at the relay at eu.example: the relay requires it, and the app passes no `auth`',
    'correct-options',
    'Pass it in the option `sync` when you open the session',
  ],
  [
    errors.notOffered(url, 'account', ['jwt']),
    'does not accept the method of the app’s `auth`',
    'correct-options',
    'Pass `auth: { token }`',
  ],
  [errors.unencrypted(url), 'the connection is not encrypted', 'correct-options', 'Use a wss: address'],
  [errors.noAccount(url), 'no account to prove', 'correct-options', 'Pass `auth: { token }`'],
  [errors.tokenRejected(url), 'the app’s `auth.token` rejected', 'sign-in', 'check the identity server'],
  [errors.tokenTooSlow(url), 'returned no token in time', 'sign-in', 'must settle within 10 s'],
  [errors.notWelcomed(url), 'the relay does not answer', 'sign-in', 'check the relay’s log'],
  [
    { error: refused('unauthorized'), retry: false },
    'Refused by eu.example (unauthorized): the token is old',
    'sign-in',
    'Sign in again in the app',
  ],
  [
    { error: refused('expired'), retry: true },
    'Refused by eu.example (expired): the token is old',
    'wait',
    'signs in again automatically',
  ],
] as const)(
  '[PANEL-11] a relay that has not let this device in is described as it is: %#',
  ({ error, retry }, verdict, code, advice) => {
    const outage = outageOf(error, { wasConnected: false, isOnline: true, lastReceivedMs: nowMs });
    const relay: Relay = {
      ...{ id: 'eu', host: 'eu.example', url: url.href, phaseSinceMs: nowMs, disconnectedSinceMs: nowMs },
      phase: retry ? 'waiting' : 'failed',
      ...(retry && { retryAtMs: nowMs + 4_000 }),
      ...{ error: toPlainError(error), outage },
    };
    const reason = firstReason(
      {
        ...{ id: 'co_z1', sinceMs: nowMs, saved: 'reached', sent: 'pending', confirmed: 'pending' },
        ...{ durable: 'pending', missingAtPeerIDs: ['eu'] },
      },
      { status: 'failed', relays: [relay], queuesByRelayID: new Map(), nowMs },
    );
    const next = nextStepFor(reason);
    const said = describeReason(reason, nowMs);
    if (retry) {
      expect(said).toContain(verdict);
      expect(said).toContain('next attempt in 4 s');
    } else expect(said).toMatch(/^No more attempts to reach eu\.example: /);
    if (!('refusal' in error.details)) expect(said).toContain(verdict);
    expect(next.code).toBe(code);
    expect(next.advice).toContain(advice);
    expect(next.advice).toMatch(/edits (?:wait|stay) on this device/i);
    expect(next.control).toBe('reconnect');
    expect(`${said}\n${next.advice}`).not.toMatch(allIsWell);
  },
);
