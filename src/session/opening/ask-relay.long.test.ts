import type { RawCoID } from 'cojson';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { openAgentSession } from '../agent/agent-session.ts';
import { phraseModule } from '../phrase/phrase-module.ts';
import { signInWithPhrase } from '../phrase/sign-in-with-phrase.ts';
import type { Session } from '../session.ts';
import { signIn } from '../sign-in.ts';
import { signUpWithPhrase } from '../phrase/sign-up-with-phrase.ts';

const nowhere = 'ws://127.0.0.1:9/sync';

let sessions: TestSessions;
let up: string;
let empty: string;
let made: { readonly passkey: Session; readonly phrase: string };
beforeEach(async () => {
  sessions = await createTestSessions();
  up = sessions.relay.url;
  const other = await startStockRelay();
  sessions.onEnd(() => other.close());
  empty = other.url;
  const passkey = await sessions.signedUp();
  await untilConfirmed(passkey);
  await phraseModule.load();
  const byPhrase = await signUpWithPhrase(sessions.device(), { sync: { url: up } });
  await untilConfirmed(byPhrase.session);
  await byPhrase.session.close();
  made = { passkey, phrase: byPhrase.phrase };
});
afterEach(() => sessions.end());

type Opening = (relays: readonly (string | readonly string[])[]) => Promise<Session>;
const openings: readonly (readonly [string, Opening])[] = [
  ['a passkey', (urls) => signIn(sessions.device(), { sync: { relays: urls.map((url) => ({ url })) } })],
  [
    'a recovery phrase',
    (urls) =>
      signInWithPhrase(sessions.device(), made.phrase, { sync: { relays: urls.map((url) => ({ url })) } }),
  ],
  [
    'an agent’s secret',
    (urls) =>
      openAgentSession({
        accountID: made.passkey.accountID,
        agentSecret: made.passkey.node.agentSecret,
        sync: { relays: urls.map((url) => ({ url })) },
      }),
  ],
];

/** Another relay, whose messages arrive later than those of a relay that is close. */
async function further(port: number, delayMs: number): Promise<string> {
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    socket.on('data', (data) => onward.write(data));
    onward.on('data', (data) => setTimeout(() => socket.writable && socket.write(data), delayMs));
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  sessions.onEnd(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/sync`;
}

describe.each(openings)('opening an account with %s', (_, open) => {
  test('[ACC-28] finds it at whichever of several relays has it', async () => {
    for (const relays of [[up], [up, nowhere], [nowhere, up], [empty, up], [[nowhere, up], empty]]) {
      const session = await open(relays);
      await session.close();
    }
  });

  test('[ACC-28] says that there is none only if every relay has said so', async () => {
    await expect(open([empty])).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
    await expect(open([empty, nowhere])).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' });
    await expect(open([nowhere, empty])).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' });
  });

  test('[ACC-28] takes no relay’s message, asked for or not, for the answer of another', async () => {
    const headerOf = (id: RawCoID) => {
      const { verified } = sessions.relay.node.getCoValue(id);
      return { action: 'content', id, header: verified?.header, priority: 3, new: {} };
    };
    const ids = [...sessions.relay.node.allCoValues()].flatMap(({ id, verified }) => (verified ? [id] : []));
    const hostile = await startHostileRelay((id) => (ids.includes(id) ? [headerOf(id)] : undefined));
    const timer = setInterval(() => hostile.send(ids.map(headerOf)), 10);
    sessions.onEnd(() => clearInterval(timer));
    const session = await open([hostile.url, await further(sessions.relay.port, 150)]);
    await session.close();
  });
});
