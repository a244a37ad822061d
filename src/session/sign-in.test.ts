import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { kernelMapOf, passkeyOf, rootOf } from '../../test/support/session/account-parts.ts';
import {
  clockWithSpeed,
  createTestSessions,
  type TestSessions,
} from '../../test/support/session/test-sessions.ts';
import { testHello } from '../../test/support/transport/test-hello.ts';
import { activeSession } from './active-session.ts';
import { recordPasskey } from './account/kernel-map.ts';
import { createKeyringContent, createKeyringNode } from './keyring/keyring-content.ts';
import { deriveKeyringKeys, keyringOf } from './keyring/keyring-keys.ts';
import { createSessionCrypto } from '../engine/session-crypto.ts';
import { signIn } from './sign-in.ts';
import { untilConfirmed } from '../../test/support/session/until-session.ts';
import { until } from '../../test/support/until.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

describe('signing in on an empty device', () => {
  test('opens the same account with all its content', async () => {
    const first = await sessions.signedUp();
    rootOf(first).set('note', 'from the first');
    await untilConfirmed(first);

    const second = await sessions.signedIn();
    expect(second.accountID).toBe(first.accountID);
    await until(() => expect(rootOf(second).get('note')).toBe('from the first'));
    await until(() => expect(passkeyOf(second)).toEqual(passkeyOf(first)));
  });

  test('finds the entry in a place that does not name the account', async () => {
    const session = await sessions.signedUp();
    await untilConfirmed(session);
    const { groupID, mapID } = keyringOf(await createSessionCrypto(), passkeyOf(session).removalSecret);
    expect(sessions.atRelay(mapID)).toContain('"iv');
    expect(sessions.atRelay(groupID) + sessions.atRelay(mapID)).not.toContain(session.accountID);
  });

  test('stores the entries of all the account’s passkeys, so that it can refill another relay', async () => {
    const first = await sessions.signedUp();
    await untilConfirmed(first);
    const crypto = await createSessionCrypto();
    const elsewhere = await deriveKeyringKeys(crypto, globalThis.crypto.subtle, new Uint8Array(32).fill(9));
    for (const content of createKeyringContent(crypto, elsewhere, { v: 1, iv: '', data: '' })) {
      sessions.relay.node.syncManager.handleNewContent(content, 'import');
    }
    recordPasskey(kernelMapOf(first), {
      ...passkeyOf(first),
      credentialID: 'a phone',
      removalSecret: elsewhere.agentSecret,
    });
    await until(() => expect(first.node.getCoValue(elsewhere.mapID).isAvailable()).toBe(true));
    await untilConfirmed(first);
    const second = await sessions.signedIn();
    await until(() => expect(second.node.getCoValue(elsewhere.mapID).isAvailable()).toBe(true));
  });

  test('[ACC-4] rejects with ACCOUNT_NOT_FOUND if the relay has no account for the passkey', async () => {
    await sessions.signedUp({ sync: false });
    await expect(signIn(sessions.device(), { sync: { url: sessions.relay.url } })).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_FOUND',
    });
    expect(activeSession.current).toBeDefined();
  });

  test('rejects with PASSKEY_REMOVED if the passkey was removed', async () => {
    const session = await sessions.signedUp();
    await untilConfirmed(session);
    const crypto = await createSessionCrypto();
    const keyring = keyringOf(crypto, passkeyOf(session).removalSecret);
    const remover = createKeyringNode(crypto, keyring);
    for (const id of [keyring.groupID, keyring.mapID]) {
      for (const content of session.node.getCoValue(id).newContentSince() ?? []) {
        remover.syncManager.handleNewContent(content, 'import');
      }
    }
    remover.expectCoValueLoaded(keyring.mapID).deleteCoValue();
    for (const content of remover.getCoValue(keyring.mapID).newContentSince() ?? []) {
      sessions.relay.node.syncManager.handleNewContent(content, 'import');
    }
    await expect(signIn(sessions.device(), { sync: { url: sessions.relay.url } })).rejects.toMatchObject({
      code: 'PASSKEY_REMOVED',
    });
  });

  test('rejects with RELAY_UNREACHABLE with its cause if the relay is down', async () => {
    await sessions.signedUp({ sync: false });
    await sessions.stopRelay();
    await expect(signIn(sessions.device(), { sync: { url: sessions.relay.url } })).rejects.toMatchObject({
      code: 'RELAY_UNREACHABLE',
    });
  });

  test('rejects with RELAY_UNREACHABLE at once without a network', async () => {
    await sessions.signedUp({ sync: false });
    const { page } = sessions.device();
    await expect(
      signIn(sessions.device({ page: { ...page, isOnline: false } }), {
        sync: { url: 'wss://relay.example' },
      }),
    ).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' });
  });

  test('rejects with SYNC_OFF without sync', async () => {
    await sessions.signedUp({ sync: false });
    await expect(signIn(sessions.device(), { sync: false })).rejects.toMatchObject({ code: 'SYNC_OFF' });
  });

  test('rejects with SYNC_URL_INVALID if the address is invalid', async () => {
    await sessions.signedUp({ sync: false });
    await expect(signIn(sessions.device(), { sync: { url: 'ftp://relay.example' } })).rejects.toMatchObject({
      code: 'SYNC_URL_INVALID',
    });
  });

  test('opens nothing if the prompt is refused', async () => {
    sessions.passkeys.failNext(new DOMException('', 'NotAllowedError'));
    await expect(signIn(sessions.device(), { sync: false })).rejects.toMatchObject({
      code: 'PASSKEY_REFUSED',
    });
  });

  test('ends if the app aborts while a relay is asked', async () => {
    await sessions.signedUp({ sync: false });
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    sessions.onEnd(() => new Promise((resolve) => silent.close(resolve)));
    const aborting = new AbortController();
    silent.on('connection', (socket) => {
      sessions.onEnd(() => Promise.resolve(socket.destroy()));
      aborting.abort(new Error('the page went on'));
    });
    const { port } = silent.address() as AddressInfo;
    await expect(
      signIn(sessions.device(), { sync: { url: `ws://127.0.0.1:${port}` }, signal: aborting.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'the page went on' } });
  });
});

describe('a broken relay', () => {
  const hello = JSON.stringify(testHello);

  async function serve(onConnection: (socket: WebSocket) => void): Promise<string> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', onConnection);
    sessions.onEnd(async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    });
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test.each([
    ['sends nothing', 'RELAY_SILENT', /./, () => {}],
    [
      'connects but does not answer',
      'RELAY_SILENT',
      /did not report whether it has the account/,
      (socket: WebSocket) => {
        socket.send(hello);
        const ping = setInterval(
          () => socket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: '' })),
          20,
        );
        socket.once('close', () => clearInterval(ping));
      },
    ],
    ['speaks another protocol', 'RELAY_NOT_A_RELAY', /./, (socket: WebSocket) => socket.send('<html>')],
  ])('that %s causes %s', async (_, code, message, onConnection) => {
    await sessions.signedUp({ sync: false });
    const url = await serve(onConnection);
    await expect(
      signIn(sessions.device({ clock: clockWithSpeed(20) }), { sync: { url } }),
    ).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});
