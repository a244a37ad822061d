import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { LocalNode, type CoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import {
  clockWithSpeed,
  createTestSessions,
  type TestSessions,
} from '../../../test/support/session/test-sessions.ts';
import { activeSession } from '../active-session.ts';
import type { Session } from '../session.ts';
import { createAgentPlatform } from './agent-platform.ts';
import { openAgentSession } from './agent-session.ts';
import { openAgent } from './open-agent-session.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

async function opened(options: Parameters<typeof openAgentSession>[0]): Promise<Session> {
  const session = await openAgentSession(options);
  sessions.onEnd(() => session.close());
  return session;
}

/** An account that an app on stock cojson creates and keeps syncing until it is closed. */
async function stockAccount(url: string) {
  const crypto = await WasmCrypto.create();
  const websocket = new WebSocket(url, { perMessageDeflate: false });
  const peer = createWebSocketPeer({ id: 'relay', websocket, role: 'server', expectPings: false });
  const { node, accountID, accountSecret } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Ana' },
    peers: [peer],
    crypto,
  });
  sessions.onEnd(() => node.gracefulShutdown());
  await node.syncManager.waitForAllCoValuesSync();
  return { node, accountID, agentSecret: accountSecret };
}

describe('an account created by this kernel', () => {
  test('opens from its own secret, and both sessions see each other’s edits', async () => {
    const person = await sessions.signedUp();
    await untilConfirmed(person);
    const { accountID } = person;
    const agent = await opened({
      ...{ accountID, agentSecret: person.node.agentSecret },
      sync: { url: sessions.relay.url },
    });
    expect(activeSession.current).toBe(agent);
    expect(agent.accountID).toBe(accountID);
    expect(agent.node.currentSessionID).not.toBe(person.node.currentSessionID);
    await agent.node.load(rootOf(person).id);
    rootOf(agent).set('from', 'the agent');
    await untilConfirmed(agent);
    expect(agent.storage.current.state).toBe('memory-only');
    await until(() => expect(rootOf(person).get('from')).toBe('the agent'));
    rootOf(person).set('from', 'the person');
    await until(() => expect(rootOf(agent).get('from')).toBe('the person'));
  });

  test('has no seed to reveal or to put behind a passkey', async () => {
    const person = await sessions.signedUp();
    await untilConfirmed(person);
    const agent = await opened({
      ...{ accountID: person.accountID, agentSecret: person.node.agentSecret },
      sync: { url: sessions.relay.url },
    });
    const unknown = { code: 'SEED_UNKNOWN' };
    expect(await agent.passkeys.list()).toEqual([]);
    await expect(agent.passkeys.add()).rejects.toMatchObject(unknown);
    await expect(agent.passkeys.check('a')).rejects.toMatchObject(unknown);
    await expect(agent.passkeys.remove('a')).rejects.toMatchObject(unknown);
    await expect(agent.revealRecoveryPhrase()).rejects.toMatchObject(unknown);
  });
});

test('signs out by ending, with the same protection of unsynced changes', async () => {
  const person = await sessions.signedUp();
  await untilConfirmed(person);
  const agent = await opened({
    ...{ accountID: person.accountID, agentSecret: person.node.agentSecret },
    sync: { url: sessions.relay.url },
  });
  await agent.node.load(rootOf(person).id);
  await untilConfirmed(agent);
  await sessions.stopRelay();
  rootOf(agent).set('a', 1);
  await expect(agent.signOut()).rejects.toMatchObject({
    code: 'UNSYNCED_CHANGES',
    details: { count: 1, ids: [rootOf(agent).id] },
  });
  rootOf(agent).set('a', 2);
  await agent.signOut({ discardUnsynced: true });
  expect(() => rootOf(agent).set('a', 3)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
});

describe('an account created by stock cojson', () => {
  test.each(['stock', 'ours'])('opens through a relay that is %s', { timeout: 120_000 }, async (kind) => {
    let { url } = sessions.relay;
    if (kind === 'ours') {
      const relay = await openRelay({ drainMs: 0 });
      sessions.onEnd(() => relay.close());
      url = new URL('/sync', relay.url.replace('http', 'ws')).href;
    }
    const stock = await stockAccount(url);
    const map = stock.node.createGroup().createMap({ by: 'stock' });
    await stock.node.syncManager.waitForAllCoValuesSync();

    const { accountID, agentSecret } = stock;
    const agent = await opened({ accountID, agentSecret, sync: { url } });
    const profile = (await agent.node.load(agent.account.get('profile') as CoID<RawCoMap>)) as RawCoMap;
    expect(profile.get('name')).toBe('Ana');
    const loaded = (await agent.node.load(map.id)) as RawCoMap;
    expect(loaded.toJSON()).toEqual({ by: 'stock' });
    loaded.set('by', 'an agent');
    await untilConfirmed(agent);
    await until(() => expect(map.get('by')).toBe('an agent'));
  });
});

describe('credentials that do not match', () => {
  test('are ACCOUNT_INVALID; the error says which part is wrong and shows nothing of the secret', async () => {
    const crypto = await WasmCrypto.create();
    const agentSecret = crypto.newRandomAgentSecret();
    const { node, accountID } = await LocalNode.withNewlyCreatedAccount({
      creationProps: { name: 'A' },
      crypto,
    });
    const another = { accountID, agentSecret };
    const misfits = [
      { ...another, says: 'does not belong to the account' },
      { ...another, agentSecret: agentSecret.slice(0, -6), says: 'secret cannot be parsed' },
      { ...another, agentSecret: agentSecret.replace('/', ' '), says: 'secret cannot be parsed' },
      { ...another, agentSecret: 'sealerSecret_z11/signerSecret_z11', says: 'secret cannot be parsed' },
      { ...another, agentSecret: agentSecret.replace(/.$/, '0'), says: 'secret cannot be parsed' },
      { ...another, agentSecret: '', says: 'secret cannot be parsed' },
      { accountID: agentSecret, agentSecret, says: 'ID cannot be parsed' },
      { accountID: '', agentSecret, says: 'ID cannot be parsed' },
    ];
    for (const { says, ...options } of misfits) {
      const error = await openAgentSession({ ...options, sync: false }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'ACCOUNT_INVALID',
        message: expect.stringContaining(says) as string,
      });
      const shown = JSON.stringify([error, String(error), (error as Error).stack]);
      for (const part of agentSecret.split('/')) expect(shown).not.toContain(part.slice(0, 24));
      expect(error).not.toHaveProperty('cause');
    }
    await node.gracefulShutdown();
    expect(activeSession.current === undefined).toBe(true);
  });
});

describe('an account that this device does not have', () => {
  async function credentials() {
    const crypto = await WasmCrypto.create();
    const made = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'Ana' }, crypto });
    return { made, accountID: made.accountID, agentSecret: made.accountSecret };
  }

  test('is ACCOUNT_NOT_FOUND if the relay does not have it', async () => {
    const { accountID, agentSecret } = await credentials();
    await expect(
      openAgentSession({ accountID, agentSecret, sync: { url: sessions.relay.url } }),
    ).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND', details: { accountID } });
    expect(activeSession.current === undefined).toBe(true);
  });

  test('rejects with the reason why no relay could answer', async () => {
    const { accountID, agentSecret } = await credentials();
    const open = (sync: { readonly url: string } | false) =>
      openAgentSession({ accountID, agentSecret, sync });
    await expect(open(false)).rejects.toMatchObject({ code: 'SYNC_OFF' });
    await expect(open({ url: 'ftp://nowhere' })).rejects.toMatchObject({ code: 'SYNC_URL_INVALID' });
    await expect(open({ url: 'ws://127.0.0.1:9/sync' })).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' });
  });

  test('is ACCOUNT_INVALID, within the time limit, if the relay has only its header', async () => {
    const { made, accountID, agentSecret } = await credentials();
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    sessions.onEnd(() => server.close());
    server.on('connection', (socket) => {
      const header = made.node.getCoValue(accountID).verified?.header;
      const send = (frame: object) => socket.send(JSON.stringify(frame));
      send({ type: 'ping', time: Date.now(), dc: 'test' });
      socket.on('message', () => send({ action: 'content', id: accountID, header, priority: 0, new: {} }));
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const platform = { ...createAgentPlatform(), clock: clockWithSpeed(20) };
    await expect(
      openAgent(platform, { accountID, agentSecret, sync: { url: `ws://127.0.0.1:${port}/sync` } }),
    ).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
      message: expect.stringContaining('only the header') as string,
    });
  });
});

test('opens from a storage that has it, without a relay, and the session closes that storage', async () => {
  const crypto = await WasmCrypto.create();
  const { node, accountID, accountSecret } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Ana' },
    crypto,
  });
  const close = vi.fn(() => Promise.resolve());
  const storage = {
    ...createMemoryStorage(),
    load(id: string, callback: (content: never) => void, done?: (found: boolean) => void) {
      const contents = node.getCoValue(id as RawCoMap['id']).newContentSince() ?? [];
      for (const content of contents) callback(content as never);
      done?.(contents.length > 0);
    },
    close,
  };
  const session = await opened({ accountID, agentSecret: accountSecret, sync: false, storage });
  expect(session.account.get('profile')).toBeDefined();
  await session.close();
  expect(close).toHaveBeenCalled();
});
