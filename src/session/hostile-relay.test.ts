import type { CojsonInternalTypes, RawCoID, SyncMessage } from 'cojson';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { passkeyOf, rootOf } from '../../test/support/session/account-parts.ts';
import {
  clockWithSpeed,
  createTestSessions,
  type TestSessions,
} from '../../test/support/session/test-sessions.ts';
import { testHello } from '../../test/support/transport/test-hello.ts';
import { createSessionCrypto } from '../engine/session-crypto.ts';
import { activeSession } from './active-session.ts';
import { keyringOf } from './keyring/keyring-keys.ts';
import { signIn } from './sign-in.ts';
import { until } from '../../test/support/until.ts';

type Content = CojsonInternalTypes.NewContentMessage;

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const hello = JSON.stringify(testHello);

/** A relay with scripted answers to loads, which otherwise pings like an honest one. */
async function serve(answer: (id: RawCoID) => readonly object[]): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    socket.send(hello);
    const ping = setInterval(
      () => socket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: '' })),
      20,
    );
    socket.once('close', () => clearInterval(ping));
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n')) {
        const message = JSON.parse(line) as Partial<SyncMessage>;
        if (message.action !== 'load') continue;
        for (const reply of answer(message.id as RawCoID)) socket.send(JSON.stringify(reply));
      }
    });
  });
  sessions.onEnd(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The content that an honest relay has of a passkey's entry and of an unrelated CoValue. */
async function honestContent(): Promise<{ readonly entry: readonly Content[]; readonly other: Content }> {
  const session = await sessions.signedUp();
  await until(() => expect(session.sync.current.confirmed.pending).toBe(0));
  const { groupID, mapID } = keyringOf(await createSessionCrypto(), passkeyOf(session).removalSecret);
  const contentOf = (id: RawCoID) => sessions.relay.node.getCoValue(id).newContentSince() ?? [];
  const [other] = contentOf(rootOf(session).id);
  if (!other) throw new Error('no root');
  await session.close();
  return { entry: [groupID, mapID].flatMap(contentOf), other };
}

const withoutContent = (content: Content): Content => ({ ...content, new: {} });

function withFlippedBits(content: Content): Content {
  return JSON.parse(
    JSON.stringify(content).replace(
      /\\"data\\":\\"(.)/,
      (_, first: string) => String.raw`\"data\":\"${first === 'A' ? 'B' : 'A'}`,
    ),
  ) as Content;
}

type Forge = (own: Content, other: Content) => readonly object[];

test.each<[what: string, code: string, forge: Forge]>([
  [
    'another CoValue’s header',
    'RELAY_SILENT',
    (own: Content, other: Content) => [{ ...own, header: other.header }],
  ],
  ['another CoValue', 'RELAY_SILENT', (own: Content, other: Content) => [{ ...other, id: own.id }]],
  ['headers without content', 'ACCOUNT_INVALID', (own: Content) => [withoutContent(own)]],
  ['an entry with flipped bits', 'ACCOUNT_INVALID', (own: Content) => [withFlippedBits(own)]],
  [
    'nothing of an entry that it has',
    'ACCOUNT_NOT_FOUND',
    (own: Content) => [{ action: 'known', id: own.id, header: false, sessions: {} }],
  ],
])('[SEC-3] a relay that sends %s causes %s, and nothing is opened', async (_, code, forge) => {
  const { entry, other } = await honestContent();
  const url = await serve((id) =>
    entry.filter((content) => content.id === id).flatMap<object>((own) => forge(own, other)),
  );
  const device = sessions.device({ clock: clockWithSpeed(20) });
  await expect(signIn(device, { sync: { url } })).rejects.toMatchObject({ code });
  expect(activeSession.current).toBeUndefined();
});

test('the same relay opens the account if it sends what it has', async () => {
  const { entry } = await honestContent();
  const url = await serve((id) => entry.filter((content) => content.id === id));
  const session = await signIn(sessions.device(), { sync: { url } });
  sessions.onEnd(() => session.close());
  expect(activeSession.current).toBe(session);
});
