import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { silentLogger } from '../../base/logger.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import {
  clockWithSpeed,
  createTestSessions,
  type TestSessions,
} from '../../../test/support/session/test-sessions.ts';
import { createSigningRelay } from '../../../test/support/sync/signing-relay.ts';
import { requireSecure } from '../account/secure-platform.ts';
import { lookUpAccount } from './look-up-account.ts';
import { accountOfSeed, type PhraseAccount } from './phrase-account.ts';

let sessions: TestSessions;
let account: PhraseAccount;
let other: PhraseAccount;
beforeEach(async () => {
  sessions = await createTestSessions();
  const platform = requireSecure(createBrowserPlatform());
  account = await accountOfSeed(platform, new Uint8Array(32).fill(1));
  other = await accountOfSeed(platform, new Uint8Array(32).fill(2));
});
afterEach(() => sessions.end());

function lookUp(sync: SyncOptions): Promise<void> {
  const platform = sessions.device({ clock: clockWithSpeed(20) });
  return lookUpAccount({ ...account, sync, platform, signal: undefined, logger: silentLogger });
}

/** A relay that sends pings and answers each `load` with these messages. */
async function relayThatAnswers(...answers: readonly object[]): Promise<SyncOptions> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    const send = (message: object) => socket.send(JSON.stringify(message));
    const ping = setInterval(() => send({ type: 'ping', time: Date.now(), dc: '' }), 20);
    socket.once('close', () => clearInterval(ping));
    socket.on('message', (data: Buffer) => {
      if (data.toString().includes('"load"')) answers.forEach(send);
    });
  });
  sessions.onEnd(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const beginningOf = async ({ genesis }: PhraseAccount) => {
  const content = (await genesis.content()).find(({ id }) => id === genesis.accountID);
  if (!content) throw new Error('no content');
  return content;
};

test('finds an account if the relay delivers its first transactions', async () => {
  await expect(lookUp(await relayThatAnswers(await beginningOf(account)))).resolves.toBeUndefined();
});

test.each([
  [
    'another account’s header',
    'RELAY_SILENT',
    async () => ({ ...(await beginningOf(account)), header: (await beginningOf(other)).header }),
  ],
  [
    'another account in its place',
    'RELAY_SILENT',
    async () => ({ ...(await beginningOf(other)), id: account.genesis.accountID }),
  ],
  ['another account as well', 'RELAY_SILENT', () => beginningOf(other)],
  [
    'another account’s transactions',
    'ACCOUNT_NOT_FOUND',
    async () => ({ ...(await beginningOf(account)), new: (await beginningOf(other)).new }),
  ],
  [
    'only part of the first transactions',
    'ACCOUNT_NOT_FOUND',
    async () => ({ ...(await beginningOf(account)), new: {} }),
  ],
])('a relay that delivers %s opens nothing: %s', async (_, code, answer) => {
  await expect(lookUp(await relayThatAnswers(await answer()))).rejects.toMatchObject({ code });
});

test('a relay that claims the account but delivers nothing is given up after a time limit', async () => {
  const known = { action: 'known', id: account.genesis.accountID, header: true, sessions: {} };
  await expect(lookUp(await relayThatAnswers(known))).rejects.toMatchObject({ code: 'RELAY_SILENT' });
});

test('proves the account at a relay that requires it, although this device does not have it yet', async () => {
  const { accountID, agentSecret } = account.genesis;
  const relay = createSigningRelay();
  const sync = { url: 'wss://relay.example/sync', auth: 'account', transports: [relay.transport] } as const;
  await expect(lookUp(sync)).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  expect(relay.auths).toMatchObject([
    { method: 'account', agentID: account.crypto.getAgentID(agentSecret), proof: { accountID } },
  ]);
  expect(relay.received.map(({ action }) => action)).toContain('load');
});
