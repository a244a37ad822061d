import { cojsonInternals, LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import type { Platform } from '../platform/platform.ts';
import { createFakePasskeys, type FakePasskeys } from '../testing/fake-passkeys.ts';
import { createNodePlatform } from '../testing/node-platform.ts';
import { startStockRelay, type StockRelay } from '../testing/stock-relay.ts';
import { activeSession } from './active-session.ts';
import { readPasskeys, recordPasskey, type PasskeyRecord } from './kernel-map.ts';
import { createKeyringContent, createKeyringNode } from './keyring-content.ts';
import { deriveKeyringKeys, keyringOf } from './keyring-keys.ts';
import { createSessionCrypto } from './session-crypto.ts';
import type { Session, SessionOptions, SignUpOptions } from './session.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up.ts';

// Without IndexedDB, as in some private windows: what a device keeps is tested in Chromium.

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let passkeys: FakePasskeys;
let relay: StockRelay;
beforeEach(async () => {
  passkeys = createFakePasskeys();
  relay = await startStockRelay();
  ends.push(() => relay.close());
});

/** The kernel waits as it does, in a part of the time. */
function clockWithSpeed(speed: number): Clock {
  const startMs = Date.now();
  return {
    nowMs: () => startMs + (Date.now() - startMs) * speed,
    after: (delayMs, run) => systemClock.after(delayMs / speed, run),
  };
}

function device(changes: Partial<Platform> = {}): Platform {
  const node = createNodePlatform();
  const page = { ...node.page, url: new URL('https://app.example/notes') };
  return {
    ...createBrowserPlatform(),
    ...node,
    clock: clockWithSpeed(5),
    page,
    passkeys,
    indexedDB: undefined,
    ...changes,
  };
}

async function signedUp(options: SignUpOptions = { sync: { url: relay.url } }): Promise<Session> {
  const session = await signUp(device(), options);
  ends.push(() => session.close());
  return session;
}

async function signedIn(options: SessionOptions = { sync: { url: relay.url } }): Promise<Session> {
  const session = await signIn(device(), options);
  ends.push(() => session.close());
  return session;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });
const untilConfirmed = (session: Session) =>
  until(() => expect(session.sync.current).toMatchObject({ status: 'confirmed', confirmed: { pending: 0 } }));

function kernelMapIn({ node, accountID }: Session): RawCoMap {
  const core = [...node.allCoValues()].find(({ verified }) => {
    const header = verified?.header;
    return (
      header?.ruleset.type === 'ownedByGroup' &&
      header.ruleset.group === accountID &&
      header.uniqueness === 'maia/kernel/v1'
    );
  });
  if (!core?.isAvailable()) throw new Error('no kernel map');
  return core.getCurrentContent() as RawCoMap;
}

function rootOf({ node, account }: Session): RawCoMap {
  const root = node.getLoaded(account.get('root') ?? account.id);
  if (!root || root.id === account.id) throw new Error('no root');
  return root;
}

function passkeyOf(session: Session): PasskeyRecord {
  const [passkey] = readPasskeys(kernelMapIn(session));
  if (!passkey) throw new Error('no passkey');
  return passkey;
}

/** All that the relay has of a CoValue, as text. */
const atRelay = (id: RawCoID) => JSON.stringify(relay.node.getCoValue(id).newContentSince());

describe('signing up', () => {
  test('opens a live account that an app finds its data in', async () => {
    const session = await signedUp();
    const root = rootOf(session);
    root.set('note', 'mine');
    expect(root.get('note')).toBe('mine');
    expect(root.group.id).toBe(session.accountID);
    expect(session.account.id).toBe(session.accountID);
    await untilConfirmed(session);
    expect(relay.node.getCoValue(root.id).knownState()).toEqual(root.core.knownState());
  });

  test('works without a relay, and everything goes up when there is one', async () => {
    const { port } = relay;
    await relay.close();
    const session = await signedUp();
    expect(session.sync.current.confirmed.pending).toBeGreaterThan(0);
    relay = await startStockRelay({ port });
    session.sync.reconnect();
    await untilConfirmed(session);
    await expect(signedIn()).resolves.toMatchObject({ accountID: session.accountID });
  });

  test('writes the passkey’s removal secret into the account, where only the account reads it', async () => {
    const session = await signedUp({ name: 'Ada', sync: { url: relay.url } });
    const kernelMap = kernelMapIn(session);
    expect(readPasskeys(kernelMap)).toHaveLength(1);
    expect(passkeyOf(session)).toMatchObject({ credentialID: 'passkey-1', label: 'Ada', prfFrom: 'create' });
    await untilConfirmed(session);
    expect(atRelay(kernelMap.id)).toContain('"private"');
    expect(atRelay(kernelMap.id)).not.toMatch(/"trusting"|passkey-1|Ada/);
  });

  test('uploads an account that a stock client opens with its agent secret', async () => {
    const session = await signedUp();
    rootOf(session).set('note', 'mine');
    await untilConfirmed(session);
    const [client, server] = cojsonInternals.connectedPeers('client', 'server', {
      peer1role: 'client',
      peer2role: 'server',
    });
    relay.node.syncManager.addPeer(client);
    const node = await LocalNode.withLoadedAccount({
      accountID: session.account.id,
      accountSecret: session.node.agentSecret,
      sessionID: undefined,
      peers: [server],
      crypto: await WasmCrypto.create(),
    });
    const load = async (id: RawCoID) => {
      const core = await node.loadCoValueCore(id);
      return core.isAvailable() ? (core.getCurrentContent() as RawCoMap) : undefined;
    };
    expect((await load(rootOf(session).id))?.get('note')).toBe('mine');
    expect((await load(kernelMapIn(session).id))?.keys()).toEqual(['passkey/passkey-1']);
    expect(await load(session.account.get('profile') ?? session.account.id)).toBeDefined();
  });

  test('gives each session an id of its own', async () => {
    const one = await signedUp();
    await untilConfirmed(one);
    const other = await signedIn();
    expect(other.node.currentSessionID).not.toBe(one.node.currentSessionID);
  });

  test('names the passkey for the app with date and time, so that two can be told apart', async () => {
    await signedUp({ appName: 'Notes', sync: false });
    await signedUp({ name: '  ', sync: false });
    expect(passkeys.ceremonies).toMatchObject([
      {
        rpID: 'app.example',
        rpName: 'Notes',
        userName: expect.stringMatching(/^Notes · .*2\d{3}.*\d:\d\d/) as string,
      },
      {
        rpID: 'app.example',
        rpName: 'app.example',
        userName: expect.stringMatching(/^app\.example · /) as string,
      },
    ]);
  });

  test('a signal that ends after the passkey was made leaves no account, and names the passkey', async () => {
    const aborting = new AbortController();
    const { create } = passkeys;
    const aborted: FakePasskeys = {
      ...passkeys,
      async create(request) {
        const made = await create(request);
        aborting.abort();
        return made;
      },
    };
    const signedUp = signUp(device({ passkeys: aborted }), {
      name: 'Ada',
      sync: false,
      signal: aborting.signal,
    });
    await expect(signedUp).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: { credentialID: 'passkey-1', label: 'Ada' },
      cause: { code: 'ABORTED' },
    });
    expect(activeSession.current).toBeUndefined();
  });

  test('makes no passkey where the platform cannot keep one', async () => {
    const none = createFakePasskeys({ support: { webauthn: false, prf: 'no', autofill: false } });
    await expect(signUp(device({ passkeys: none }), {})).rejects.toMatchObject({
      code: 'PASSKEY_UNSUPPORTED',
    });
    await expect(signUp(device({ subtle: undefined }), {})).rejects.toMatchObject({
      code: 'PASSKEY_UNSUPPORTED',
    });
    expect([...none.ceremonies, ...passkeys.ceremonies]).toEqual([]);
  });

  test('a relay’s address that cannot be read fails the sync and not the account', async () => {
    const session = await signedUp({ sync: { url: 'ftp://relay.example' } });
    expect(session.sync.current).toMatchObject({ status: 'failed', error: { code: 'SYNC_URL_INVALID' } });
  });

  test('says that nothing is kept where the browser refuses its database', async () => {
    const warn = vi.fn();
    const session = await signedUp({ sync: false, logger: { debug: () => {}, warn } });
    expect(session.storage.current).toMatchObject({
      state: 'memory-only',
      error: { code: 'STORAGE_UNAVAILABLE' },
    });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('keeps nothing'), {
      code: 'STORAGE_UNAVAILABLE',
    });
  });
});

describe('signing in on a device that has nothing', () => {
  test('opens the same account, with all that it holds', async () => {
    const first = await signedUp();
    rootOf(first).set('note', 'from the first');
    await untilConfirmed(first);

    const second = await signedIn();
    expect(second.accountID).toBe(first.accountID);
    await until(() => expect(rootOf(second).get('note')).toBe('from the first'));
    await until(() => expect(passkeyOf(second)).toEqual(passkeyOf(first)));
  });

  test('finds the entry at a place that does not name the account', async () => {
    const session = await signedUp();
    await untilConfirmed(session);
    const { groupID, mapID } = keyringOf(await createSessionCrypto(), passkeyOf(session).removalSecret);
    expect(atRelay(mapID)).toContain('"iv');
    expect(atRelay(groupID) + atRelay(mapID)).not.toContain(session.accountID);
  });

  test('brings the entries of all the account’s passkeys, so that it can refill another relay', async () => {
    const first = await signedUp();
    await untilConfirmed(first);
    const crypto = await createSessionCrypto();
    const elsewhere = await deriveKeyringKeys(crypto, globalThis.crypto.subtle, new Uint8Array(32).fill(9));
    for (const content of createKeyringContent(crypto, elsewhere, { v: 1, iv: '', data: '' })) {
      relay.node.syncManager.handleNewContent(content, 'import');
    }
    recordPasskey(kernelMapIn(first), {
      ...passkeyOf(first),
      credentialID: 'a phone',
      removalSecret: elsewhere.agentSecret,
    });
    await until(() => expect(first.node.getCoValue(elsewhere.mapID).isAvailable()).toBe(true));
    await untilConfirmed(first);
    const second = await signedIn();
    await until(() => expect(second.node.getCoValue(elsewhere.mapID).isAvailable()).toBe(true));
  });

  test('a passkey that the relay has no account for is ACCOUNT_NOT_FOUND', async () => {
    await signedUp({ sync: false });
    await expect(signIn(device(), { sync: { url: relay.url } })).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_FOUND',
    });
    expect(activeSession.current).toBeDefined();
  });

  test('a removed passkey is PASSKEY_REMOVED', async () => {
    const session = await signedUp();
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
      relay.node.syncManager.handleNewContent(content, 'import');
    }
    await expect(signIn(device(), { sync: { url: relay.url } })).rejects.toMatchObject({
      code: 'PASSKEY_REMOVED',
    });
  });

  test('with the relay down is RELAY_UNREACHABLE, with its cause', async () => {
    await signedUp({ sync: false });
    await relay.close();
    await expect(signIn(device(), { sync: { url: relay.url } })).rejects.toMatchObject({
      code: 'RELAY_UNREACHABLE',
    });
  });

  test('without a network is RELAY_UNREACHABLE at once', async () => {
    await signedUp({ sync: false });
    const { page } = device();
    await expect(
      signIn(device({ page: { ...page, isOnline: false } }), { sync: { url: 'wss://relay.example' } }),
    ).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' });
  });

  test('with sync off is SYNC_OFF', async () => {
    await signedUp({ sync: false });
    await expect(signIn(device(), { sync: false })).rejects.toMatchObject({ code: 'SYNC_OFF' });
  });

  test('with an address that cannot be read is SYNC_URL_INVALID', async () => {
    await signedUp({ sync: false });
    await expect(signIn(device(), { sync: { url: 'ftp://relay.example' } })).rejects.toMatchObject({
      code: 'SYNC_URL_INVALID',
    });
  });

  test('by a refused prompt opens nothing', async () => {
    passkeys.failNext(new DOMException('', 'NotAllowedError'));
    await expect(signIn(device(), { sync: false })).rejects.toMatchObject({ code: 'PASSKEY_REFUSED' });
  });

  test('ends when the app says so, while a relay is asked', async () => {
    await signedUp({ sync: false });
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => silent.close(resolve)));
    const aborting = new AbortController();
    silent.on('connection', (socket) => {
      ends.push(() => Promise.resolve(socket.destroy()));
      aborting.abort(new Error('the page went on'));
    });
    const { port } = silent.address() as AddressInfo;
    await expect(
      signIn(device(), { sync: { url: `ws://127.0.0.1:${port}` }, signal: aborting.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'the page went on' } });
  });
});

describe('a relay that is none', () => {
  const hello = JSON.stringify({
    maia: 'hello',
    v: 1,
    relay: { name: 'test', version: '0' },
    storage: { id: 's', epoch: 'e' },
    durability: 'none',
    limits: {},
    auth: null,
    inspect: false,
  });

  async function serve(onConnection: (socket: WebSocket) => void): Promise<string> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', onConnection);
    ends.push(async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    });
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test.each([
    ['says nothing at all', 'RELAY_SILENT', /./, () => {}],
    [
      'is there, and does not answer',
      'RELAY_SILENT',
      /did not answer whether it has the account/,
      (socket: WebSocket) => {
        socket.send(hello);
        const ping = setInterval(
          () => socket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: '' })),
          20,
        );
        socket.once('close', () => clearInterval(ping));
      },
    ],
    ['speaks no protocol', 'RELAY_NOT_A_RELAY', /./, (socket: WebSocket) => socket.send('<html>')],
  ])('one that %s is %s', async (_, code, message, onConnection) => {
    await signedUp({ sync: false });
    const url = await serve(onConnection);
    await expect(signIn(device({ clock: clockWithSpeed(20) }), { sync: { url } })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('the active session', () => {
  test('is the one opened last of those that are open', async () => {
    const seen: (string | undefined)[] = [];
    const stop = activeSession.subscribe((session) => seen.push(session?.accountID));
    const one = await signedUp({ sync: false });
    const two = await signedUp({ sync: false, anotherAccount: true });
    await two.close();
    await one.close();
    stop();
    expect(seen).toEqual([undefined, one.accountID, two.accountID, one.accountID, undefined]);
  });
});

describe('closing a session', () => {
  test('ends its sync, says so once, and can be asked twice', async () => {
    const session = await signedUp();
    const closed = vi.fn();
    session.on('closed', closed);
    await Promise.all([session.close(), session.close()]);
    expect(closed.mock.calls).toEqual([[undefined]]);
    expect(session.sync.current.peers[0]?.phase).toBe('closed');
  });

  test('does not tell a listener that went', async () => {
    const session = await signedUp({ sync: false });
    const closed = vi.fn();
    session.on('closed', closed)();
    await session.close();
    expect(closed).not.toHaveBeenCalled();
  });
});
