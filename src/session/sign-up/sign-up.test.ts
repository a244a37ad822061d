import { cojsonInternals, LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFakePasskeys, type FakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { kernelMapOf, passkeyOf, rootOf } from '../../../test/support/session/account-parts.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { activeSession } from '../active-session.ts';
import { readPasskeys } from '../account/kernel-map.ts';
import { signUp } from './sign-up.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

test('opens a live account in which an app finds its data', async () => {
  const session = await sessions.signedUp();
  const root = rootOf(session);
  root.set('note', 'mine');
  expect(root.get('note')).toBe('mine');
  expect(root.group.id).toBe(session.accountID);
  expect(session.account.id).toBe(session.accountID);
  await untilConfirmed(session);
  expect(sessions.relay.node.getCoValue(root.id).knownState()).toEqual(root.core.knownState());
});

test('[ACC-3] works without a relay, and uploads everything once there is one', async () => {
  await sessions.stopRelay();
  const session = await sessions.signedUp();
  expect(session.sync.current.confirmed.pending).toBeGreaterThan(0);
  await sessions.startRelay();
  session.sync.reconnect();
  await untilConfirmed(session);
  await expect(sessions.signedIn()).resolves.toMatchObject({ accountID: session.accountID });
});

test('stores the passkey’s removal secret in the account, where only the account can read it', async () => {
  const session = await sessions.signedUp({ name: 'Ada', sync: { url: sessions.relay.url } });
  const kernelMap = kernelMapOf(session);
  expect(readPasskeys(kernelMap)).toHaveLength(1);
  expect(passkeyOf(session)).toMatchObject({ credentialID: 'passkey-1', label: 'Ada', prfFrom: 'create' });
  await untilConfirmed(session);
  expect(sessions.atRelay(kernelMap.id)).toContain('"private"');
  expect(sessions.atRelay(kernelMap.id)).not.toMatch(/"trusting"|passkey-1|Ada/);
});

test('uploads an account that a stock client opens with its agent secret', async () => {
  const session = await sessions.signedUp();
  rootOf(session).set('note', 'mine');
  await untilConfirmed(session);
  const [client, server] = cojsonInternals.connectedPeers('client', 'server', {
    peer1role: 'client',
    peer2role: 'server',
  });
  sessions.relay.node.syncManager.addPeer(client);
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
  expect((await load(kernelMapOf(session).id))?.keys()).toEqual(['passkey/passkey-1']);
  expect(await load(session.account.get('profile') ?? session.account.id)).toBeDefined();
});

test('gives each session its own ID', async () => {
  const one = await sessions.signedUp();
  await untilConfirmed(one);
  const other = await sessions.signedIn();
  expect(other.node.currentSessionID).not.toBe(one.node.currentSessionID);
});

test('names the passkey after the app with date and time, so that two passkeys differ', async () => {
  await sessions.signedUp({ appName: 'Notes', sync: false });
  await sessions.signedUp({ name: '  ', sync: false });
  expect(sessions.passkeys.ceremonies).toMatchObject([
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

test('a signal that aborts after the passkey was created leaves no account, and the error names the passkey', async () => {
  const aborting = new AbortController();
  const { create } = sessions.passkeys;
  const aborted: FakePasskeys = {
    ...sessions.passkeys,
    async create(request) {
      const made = await create(request);
      aborting.abort();
      return made;
    },
  };
  const signingUp = signUp(sessions.device({ passkeys: aborted }), {
    name: 'Ada',
    sync: false,
    signal: aborting.signal,
  });
  await expect(signingUp).rejects.toMatchObject({
    code: 'PASSKEY_ORPHANED',
    details: { credentialID: 'passkey-1', label: 'Ada' },
    cause: { code: 'ABORTED' },
  });
  expect(activeSession.current).toBeUndefined();
});

describe('a refused second prompt, where a provider evaluates its PRF only on use', () => {
  const refusal = () => new DOMException('', 'NotAllowedError');
  let passkeys: FakePasskeys;
  beforeEach(() => {
    const onGet = createFakePasskeys({ prf: 'on-get' });
    passkeys = {
      ...onGet,
      async create(request) {
        const made = await onGet.create(request);
        onGet.failNext(refusal());
        return made;
      },
    };
  });
  const signingUp = () => signUp(sessions.device({ passkeys }), { name: 'Ada', sync: false });
  const prompts = () => passkeys.ceremonies.map((request) => ('userID' in request ? 'create' : 'get'));
  async function expectOrphaned(message: RegExp): Promise<void> {
    await expect(signingUp()).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: { credentialID: expect.stringMatching(/^passkey-\d$/) as string, label: 'Ada' },
      message: expect.stringMatching(message) as string,
    });
  }

  test('[ACC-23] does not give up the new passkey: the next sign-up continues with it', async () => {
    await expectOrphaned(/Sign up again, before this page is reloaded, to continue with the passkey “Ada”/);
    expect(passkeys.signalled).toEqual([]);
    const session = await signingUp();
    sessions.onEnd(() => session.close());
    expect(prompts()).toEqual(['create', 'get', 'get']);
    expect(passkeyOf(session)).toMatchObject({ credentialID: 'passkey-1', label: 'Ada', prfFrom: 'get' });
    expect(passkeyOf(session).facts).toMatchObject({ rpID: 'app.example' });
  });

  test('[ACC-23] nor does a refused retry: a second passkey is created only if the first is gone', async () => {
    await expectOrphaned(/to continue with/);
    passkeys.failNext(refusal());
    await expectOrphaned(/creates another passkey, unless this one still exists/);
    await expectOrphaned(/Sign up again to continue with this passkey/);
    const session = await signingUp();
    sessions.onEnd(() => session.close());
    expect(prompts()).toEqual(['create', 'get', 'get', 'create', 'get']);
    expect(passkeyOf(session).credentialID).toBe('passkey-1');
    expect(passkeys.signalled).toEqual([]);
  });

  test('a passkey that the user deleted meanwhile blocks no later sign-up', async () => {
    await expectOrphaned(/to continue with/);
    await passkeys.signalUnknown({ rpID: 'app.example', credentialID: 'passkey-1' });
    await expectOrphaned(/creates another passkey, unless/);
    await expectOrphaned(/to continue with/);
    const session = await signingUp();
    sessions.onEnd(() => session.close());
    expect(passkeyOf(session).credentialID).toBe('passkey-2');
  });
});

test('creates no passkey if the platform cannot store the account', async () => {
  const none = createFakePasskeys({
    support: { webauthn: false, prf: 'no', autofill: false, authenticator: 'no' },
  });
  await expect(signUp(sessions.device({ passkeys: none }), {})).rejects.toMatchObject({
    code: 'PASSKEY_UNSUPPORTED',
  });
  await expect(signUp(sessions.device({ subtle: undefined }), {})).rejects.toMatchObject({
    code: 'PASSKEY_UNSUPPORTED',
  });
  expect([...none.ceremonies, ...sessions.passkeys.ceremonies]).toEqual([]);
});

test('an invalid relay address fails sync, not the account', async () => {
  const session = await sessions.signedUp({ sync: { url: 'ftp://relay.example' } });
  expect(session.sync.current).toMatchObject({ status: 'failed', error: { code: 'SYNC_URL_INVALID' } });
});

test('warns that nothing is stored if the browser denies its database', async () => {
  const warn = vi.fn();
  const session = await sessions.signedUp({ sync: false, logger: { debug: () => {}, warn } });
  expect(session.storage.current).toMatchObject({
    state: 'memory-only',
    error: { code: 'STORAGE_UNAVAILABLE' },
  });
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('This browser stores nothing'), {
    code: 'STORAGE_UNAVAILABLE',
  });
});
