import { beforeEach, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import {
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
} from '../../../test/support/sync/fake-sync.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { inspectionOf } from '../../sync/inspection.ts';
import { describeAnswer, describeRequest, formatRequest } from '../shared/describe-request.ts';
import { createFailedRequests, type FailedRequests } from './failed-requests.ts';

const url = 'wss://me:secret@relay.example/sync?token=secret';
const lost = createKernelError('RELAY_UNREACHABLE', 'Lost.', {
  details: { code: 1006, reason: '', host: 'relay.example' },
});

let sync: FakeSync;
let requests: FailedRequests;
let channel: number;

beforeEach(async () => {
  sync = createFakeSync(await createAccountNode(), 0);
  const inspection = inspectionOf(sync);
  if (!inspection) throw new Error('A fake sync can be inspected.');
  requests = createFailedRequests(inspection);
  channel = 0;
});

function fail(atMs: number, error: KernelError, { transport = 'websocket', hasOpened = false } = {}): void {
  channel++;
  const at = { peerID: fakePeerID, atMs };
  if (hasOpened) sync.frame({ ...at, kind: 'opened', transport }, channel);
  sync.frame({ ...at, kind: 'closed', transport, url, error }, channel);
}

const unreachable = (details: Readonly<Record<string, unknown>>) =>
  createKernelError('RELAY_UNREACHABLE', 'Could not reach it. Retrying.', { details });

it('counts the failures of each address and transport, latest first, without secrets', () => {
  fail(1_000, lost);
  fail(2_000, unreachable({ host: 'relay.example', status: 503, type: 'text/html' }), { transport: 'http' });
  fail(3_000, lost, { hasOpened: true });
  const common = { url: 'wss://relay.example/sync' };
  expect(requests.of(fakePeerID)).toMatchObject([
    {
      ...common,
      transport: 'websocket',
      hasOpened: true,
      atMs: 3_000,
      sinceMs: 1_000,
      times: 2,
      closeCode: 1006,
    },
    { ...common, transport: 'http', hasOpened: false, atMs: 2_000, times: 1, status: 503, type: 'text/html' },
  ]);
  expect(JSON.stringify(requests.of(fakePeerID))).not.toContain('secret');
});

it('leaves out what this device closed on purpose, and what was before the current connection', () => {
  fail(1_000, createKernelError('ABORTED', 'This device closed the connection.'), { hasOpened: true });
  expect(requests.of(fakePeerID)).toEqual([]);
  fail(1_000, lost);
  fail(3_000, lost, { transport: 'http' });
  requests.note([connectedRelay(2_000)], 4_000);
  expect(requests.of(fakePeerID)).toMatchObject([{ transport: 'http' }]);
});

it('keeps counting across brief connections, and restarts after a lasting one', () => {
  const times = () => requests.of(fakePeerID).map((request) => request.times);
  const { id, url: address } = connectedRelay(0);
  const offline = [{ id, url: address, phase: 'offline' }] as const;
  for (const atMs of [1_000, 11_000, 21_000]) {
    requests.note([connectedRelay(atMs)], atMs);
    expect(times()).toEqual([]);
    fail(atMs + 3_000, lost, { hasOpened: true });
    requests.note(offline, atMs + 3_000);
  }
  expect(times()).toEqual([3]);
  requests.note([connectedRelay(40_000)], 40_000);
  fail(70_000, lost, { hasOpened: true });
  requests.note(offline, 70_000);
  expect(times()).toEqual([1]);
  requests.note([connectedRelay(80_000)], 80_000);
  requests.note(offline, 110_000);
  fail(110_000, lost, { hasOpened: true });
  expect(times()).toEqual([1]);
});

it.each<[string, KernelError, { transport?: string; hasOpened?: boolean }, string, string]>([
  ['a dead relay', lost, {}, 'WebSocket wss', 'not opened, close code 1006 (no closing handshake)'],
  [
    'a close frame',
    unreachable({ code: 1012, reason: 'restarting' }),
    { hasOpened: true },
    'WebSocket wss',
    'closed with code 1012 (service restart): restarting',
  ],
  ['no answer', unreachable({}), { transport: 'http' }, 'GET https', 'no answer'],
  [
    'CORS',
    unreachable({ status: 0 }),
    { transport: 'http' },
    'GET https',
    'an answer that this page may not read',
  ],
  [
    'a web page',
    createKernelError('RELAY_NOT_A_RELAY', 'No relay.', { details: { status: 200, type: 'text/html' } }),
    { transport: 'http' },
    'GET https',
    'HTTP 200, text/html',
  ],
  [
    'a lost channel',
    unreachable({ status: 410 }),
    { transport: 'http', hasOpened: true },
    'POST https',
    'HTTP 410',
  ],
  [
    'silence',
    createKernelError('RELAY_SILENT', 'The relay has sent nothing for 10 s. Reconnecting.'),
    { hasOpened: true },
    'WebSocket wss',
    'The relay has sent nothing for 10 s',
  ],
  [
    'a refusal',
    createKernelError('RELAY_LIMIT', 'Refused.', { details: { refusal: 'limit', reason: 'Full.' } }),
    { hasOpened: true },
    'WebSocket wss',
    'refused (limit): Full.',
  ],
  [
    'injected faults',
    unreachable({ byFaultPlan: true }),
    { transport: 'http' },
    'GET https',
    'caused by injected faults',
  ],
  ['an own transport', unreachable({}), { transport: 'shell' }, 'shell wss', 'Could not reach it'],
])('states which request failed and what answered, for %s', (_, error, how, request, answer) => {
  fail(1_000, error, how);
  const [failed] = requests.of(fakePeerID);
  if (!failed) throw new Error('Nothing failed.');
  expect(formatRequest(failed)).toBe(`${request}://relay.example/sync`);
  expect(describeAnswer(failed)).toBe(answer);
});

it('states when it failed, and how often', () => {
  fail(Date.UTC(2026, 9, 12, 14, 32, 4), lost);
  const clock = /\d\d:\d\d:\d\d/.source;
  const [once] = requests.of(fakePeerID);
  expect(once && describeRequest(once)).toMatch(new RegExp(`^WebSocket \\S+ failed at ${clock}: not opened`));
  fail(Date.UTC(2026, 9, 12, 14, 33, 4), lost);
  const [twice] = requests.of(fakePeerID);
  expect(twice && describeRequest(twice)).toMatch(
    new RegExp(`failed 2 times since ${clock}, last at ${clock}: not opened`),
  );
});
