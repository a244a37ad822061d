import type { LocalNode, RawAccountID } from 'cojson';
import { describe, expect, it, vi } from 'vitest';
import { assert } from '../../base/assert.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import {
  asked,
  askingHello,
  askingRelay,
  auths,
  demand,
  names,
  tokens,
  unauthorized,
  welcome,
  welcomed,
} from '../../../test/support/sync/asking-relay.ts';
import { testHello } from '../../../test/support/transport/test-hello.ts';
import { readMessage } from '../../wire/frames.ts';
import { accountOf, type AccountKeys } from './account-proof.ts';
import { tokenMs } from './credentials.ts';
import { marginMs } from './relay-sign-in.ts';

const load = { action: 'load', id: 'co_zA', header: false, sessions: {} };

function keysOf(node: LocalNode): AccountKeys {
  const keys = accountOf(node);
  assert(keys, 'the node acts for an account');
  return keys;
}

/** An account that exists nowhere. */
function lookupBy({ agentSecret }: LocalNode): AccountKeys {
  return { accountID: 'co_zA' as RawAccountID, agentSecret, scope: 'lookup' };
}

describe('signing in', () => {
  it('[CONN-18] sends nothing but `auth` and makes no peer before the relay welcomes it', async () => {
    const relay = await asked({ auth: { token: tokens() } });
    await relay.pass(5_000);
    expect(relay.channel.sent).toEqual([{ maia: 'auth', method: 'jwt', token: 'token-1' }]);
    expect(relay.ready).not.toHaveBeenCalled();
    expect(relay.connection.state.phase).toBe('connecting');
    await relay.channel.say(welcome);
    expect(names(relay.channel)).toEqual(['auth', 'hi', 'echo']);
    expect(relay.ready).toHaveBeenCalledExactlyOnceWith(expect.anything(), askingHello);
    expect(relay.connection.state.phase).toBe('connected');
  });

  it('reads sync messages once it is welcome, and closes on one that comes before', async () => {
    const early = await asked({ auth: { token: tokens() } });
    await early.channel.say(load, welcome);
    expect(early.received).not.toHaveBeenCalled();
    expect(early.error).toMatchObject({ code: 'MESSAGE_INVALID' });
    const relay = await welcomed(tokens());
    await relay.channel.say(load);
    expect(relay.received).toHaveBeenCalledExactlyOnceWith(load);
  });

  it('[CONN-18] asks neither function nor key for a relay that asks for nothing, or for a stock server', async () => {
    const token = tokens();
    const open = await asked({ auth: { token } }, testHello);
    const stock = await asked({ auth: { token } }, { type: 'ping', time: 1, dc: 'x' });
    const silent = askingRelay({ auth: { token } });
    await silent.pass(2_000);
    expect(open.connection.state.phase).toBe('connected');
    for (const { channel } of [open, stock, silent]) expect(names(channel)).toContain('hi');
    expect([...auths(open), ...auths(stock), ...auths(silent)]).toEqual([]);
    expect(token).not.toHaveBeenCalled();
  });

  it('does not sign in where it has taken the relay for a stock server, but on the next connection', async () => {
    const relay = askingRelay({ auth: { token: tokens() } });
    await relay.pass(0);
    relay.clock.advance(1_000);
    await relay.channel.say(askingHello);
    expect(relay.error).toMatchObject({ code: 'RELAY_SILENT' });
    expect(auths(relay)).toEqual([]);
    await relay.pass(1_000);
    relay.clock.advance(3_000);
    await relay.channel.say(askingHello, welcome);
    expect(relay.channels).toHaveLength(2);
    expect(auths(relay)).toHaveLength(1);
  });

  it('[SEC-19] proves the account with exactly the fields that the relay reads, signed by its agent', async () => {
    const node = await createAccountNode();
    const relay = await asked({
      auth: 'account',
      node,
      url: 'wss://relay.example:8443/rooms/sync?key=secret',
    });
    const proof = {
      typ: 'maia-auth/1',
      nonce: demand.nonce,
      audience: 'wss://relay.example:8443/rooms/sync',
      accountID: node.getCurrentAccountOrAgentID(),
      sessionID: node.currentSessionID,
    };
    const { crypto, agentSecret } = node;
    const agentID = crypto.getAgentID(agentSecret);
    const [auth] = auths(relay);
    expect(auth).toEqual({ maia: 'auth', method: 'account', proof, agentID, signature: auth?.signature });
    expect(readMessage(JSON.stringify(auth))).toEqual({ kind: 'maia', frame: auth });
    const isSigned = (message: object) =>
      crypto.verify(auth?.signature as never, message as never, crypto.getAgentSignerID(agentID));
    expect(isSigned(proof)).toBe(true);
    expect(isSigned({ ...proof, audience: 'wss://other.example/sync' })).toBe(false);
  });

  it('proves the account of a node that acts as its agent', async () => {
    const account = keysOf(await createAccountNode());
    const agent = await createAgentNode();
    const relay = await asked({ auth: 'account', node: agent, account });
    const [auth] = auths(relay);
    expect(auth).toMatchObject({
      agentID: agent.crypto.getAgentID(account.agentSecret),
      proof: { accountID: account.accountID },
    });
    expect((auth?.proof as { sessionID: string }).sessionID).toMatch(`${account.accountID}_session_z`);
  });

  it('[CONN-21] proves the agent of a passkey only to look that up', async () => {
    const agent = await createAgentNode();
    const { agentSecret } = agent;
    const methods = ['jwt', 'account', 'lookup'];
    const relay = await asked(
      { auth: 'account', node: agent, account: lookupBy(agent) },
      { ...askingHello, auth: { ...demand, methods } },
    );
    const [auth] = auths(relay);
    expect(auth).toMatchObject({
      ...{ method: 'account', scope: 'lookup', agentID: agent.crypto.getAgentID(agentSecret) },
      proof: { accountID: 'co_zA', nonce: demand.nonce },
    });
    await relay.channel.say({ ...welcome, principal: 'lookup' });
    expect(relay.connection.state.phase).toBe('connected');
  });

  it('takes only the transport that answers first, however long the token takes', async () => {
    let resolve: (token: string) => void = () => {};
    const token = vi.fn(() => new Promise<string>((done) => (resolve = done)));
    const relay = askingRelay({ auth: { token }, transports: ['websocket', 'http'] });
    await relay.pass(500);
    await relay.channel.say(askingHello);
    await relay.pass(9_000);
    expect(relay.channels).toHaveLength(1);
    resolve('late');
    await relay.pass(0);
    expect(auths(relay)).toMatchObject([{ token: 'late' }]);
    await relay.channel.say(welcome);
    expect([relay.connection.transport, token.mock.calls.length]).toEqual(['websocket', 1]);
  });

  it('hangs up the transport that was dialled first once the relay asks over another', async () => {
    const relay = askingRelay({ auth: { token: tokens() }, transports: ['websocket', 'http'] });
    await relay.pass(0);
    relay.clock.advance(2_500);
    await relay.pass(0);
    const [webSocket, http] = relay.channels;
    await http?.say(askingHello);
    expect([webSocket?.isOpen, http?.isOpen]).toEqual([false, true]);
    await http?.say(welcome);
    expect(relay.connection.transport).toBe('http');
    expect(auths(relay)).toHaveLength(1);
  });
});

it('counts the silence of a relay from the answer that it waited for', async () => {
  let resolve: (token: string) => void = () => {};
  const relay = await asked({ auth: { token: () => new Promise<string>((done) => (resolve = done)) } });
  relay.clock.advance(9_000);
  resolve('late');
  await relay.pass(0);
  relay.clock.advance(9_000);
  await relay.channel.say(welcome);
  expect(relay.connection.state.phase).toBe('connected');
});

describe('an unencrypted connection', () => {
  it.each(['localhost', '127.0.0.1', '127.9.8.7', '[::1]'])('is used on %s', async (host) => {
    const relay = await asked({ auth: { token: tokens() }, url: `ws://${host}:4200/sync` });
    expect(auths(relay)).toHaveLength(1);
  });

  it.each([
    'relay.example',
    '10.0.0.1',
    '128.0.0.1',
    '127.0.0.1.example',
    'app.localhost',
    '[::2]',
    '0.0.0.0',
  ])('[SEC-19] to %s carries neither token nor proof', async (host) => {
    const token = tokens();
    const node = await createAccountNode();
    for (const auth of [{ token }, 'account'] as const) {
      const relay = await asked({ auth, node, url: `ws://${host}:4200/sync` });
      await relay.pass(60_000);
      expect(relay.channels.flatMap(({ sent }) => sent)).toEqual([]);
      expect(relay.connection.state.phase).toBe('failed');
      expect(relay.error).toMatchObject({
        code: 'RELAY_UNAUTHORIZED',
        message: expect.stringMatching(/not encrypted.*wss:/) as unknown,
      });
    }
    expect(token).not.toHaveBeenCalled();
  });
});

describe('an app that cannot sign in', () => {
  it('[CONN-19] learns what to pass, and is not retried until it reconnects', async () => {
    const relay = await asked({});
    await relay.pass(120_000);
    expect(relay.channels).toHaveLength(1);
    expect(relay.channel.sent).toEqual([]);
    expect(relay.connection.state.phase).toBe('failed');
    expect(relay.error).toMatchObject({ code: 'RELAY_UNAUTHORIZED', details: { needsOtherAuth: true } });
    expect(relay.error?.message).toMatch(
      /relay\.example: the relay requires it.*no `auth`\. Pass it.*Edits wait/,
    );
    relay.connection.reconnect();
    await relay.channel.say(testHello);
    expect(relay.connection.state.phase).toBe('connected');
  });

  it.each([
    ['account', ['jwt', 'tomorrow'], '`auth: { token }`'],
    [{ token: tokens() }, ['account'], "`auth: 'account'`"],
    ['account', ['lookup', 'x'.repeat(900)], 'Update the app’s kernel'],
    ['account', [], 'Update the app’s kernel'],
  ] as const)('has chosen %j where the relay accepts %j', async (auth, methods, remedy) => {
    const node = await createAccountNode();
    const relay = await asked({ auth, node }, { ...askingHello, auth: { ...demand, methods } });
    expect(relay.channel.sent).toEqual([]);
    expect(relay.connection.state.phase).toBe('failed');
    expect(relay.error).toMatchObject({ code: 'RELAY_UNAUTHORIZED', details: { needsOtherAuth: true } });
    expect(relay.error?.message).toContain(remedy);
    expect(relay.error?.message.length).toBeLessThan(300);
  });

  it.each([
    [['account'], /no new device.*Open the account by its recovery phrase/],
    [['jwt', 'account'], /no new device.*Open the account by its recovery phrase/],
    [['jwt'], /does not accept the method.*`auth: \{ token \}`/],
  ])('[CONN-21] has only a passkey where the relay accepts %j', async (methods, message) => {
    const agent = await createAgentNode();
    const relay = await asked(
      { auth: 'account', node: agent, account: lookupBy(agent) },
      { ...askingHello, auth: { ...demand, methods } },
    );
    expect(relay.channel.sent).toEqual([]);
    expect(relay.connection.state.phase).toBe('failed');
    expect(relay.error).toMatchObject({ code: 'RELAY_UNAUTHORIZED', details: { needsOtherAuth: true } });
    expect(relay.error?.message).toMatch(message);
  });

  it('acts for no account', async () => {
    const relay = await asked({ auth: 'account', node: await createAgentNode() });
    expect(relay.channel.sent).toEqual([]);
    expect(relay.connection.state.phase).toBe('failed');
    expect(relay.error).toMatchObject({
      code: 'RELAY_UNAUTHORIZED',
      message: expect.stringMatching(/no account to prove.*`auth: \{ token \}`/) as unknown,
    });
  });

  it('has a damaged key, which is in no error', async () => {
    const node = await createAccountNode();
    const agentSecret = 'sealerSecret_zAB/signerSecret_zCANARY' as const;
    const relay = await asked({ auth: 'account', node, account: { ...keysOf(node), agentSecret } });
    expect(relay.channel.sent).toEqual([]);
    expect(relay.error).toMatchObject({ code: 'RELAY_UNAUTHORIZED' });
    expect(JSON.stringify([relay.error?.message, relay.error?.details, relay.error?.cause])).not.toContain(
      'CANARY',
    );
  });
});

describe('the app’s token function', () => {
  it.each<[string, () => unknown, number?]>([
    ['rejects', () => Promise.reject(new Error('CANARY'))],
    [
      'throws',
      () => {
        throw new Error('CANARY');
      },
    ],
    ['never settles', () => new Promise(() => {}), tokenMs],
  ])('[CONN-19] that %s is called again later, with back-off', async (_, fails, afterMs = 0) => {
    const token = vi.fn(fails);
    const relay = await asked({ auth: { token: token as () => Promise<string> } });
    await relay.pass(afterMs);
    expect(relay.connection.state).toMatchObject({ phase: 'waiting', attempt: 1 });
    expect(relay.error).toMatchObject({ code: 'RELAY_UNAUTHORIZED' });
    expect(relay.error?.message).toMatch(
      /`auth\.token`.*Retrying automatically.*identity server.*Edits wait/,
    );
    expect(relay.error?.message).not.toContain('CANARY');
    expect(relay.error?.cause).toBeUndefined();
    token.mockImplementation(() => Promise.resolve('ok'));
    await relay.pass(1_000);
    await relay.channel.say(askingHello, welcome);
    expect(relay.connection.state.phase).toBe('connected');
    expect(relay.channels).toHaveLength(2);
  });

  it('is called ever less often while it rejects', async () => {
    const token = vi.fn(() => Promise.reject(new Error('offline')));
    const relay = askingRelay({ auth: { token } });
    for (let second = 0; second < 300; second++) {
      if (relay.channels.at(-1)?.isOpen) await relay.channel.say(askingHello);
      await relay.pass(1_000);
    }
    expect(token.mock.calls.length).toBeGreaterThan(10);
    expect(token.mock.calls.length).toBeLessThan(30);
  });

  it.each([
    ['nothing', undefined, 'something else than a string'],
    ['an object', { token: 'CANARY' }, 'something else than a string'],
    ['an empty string', '', 'a token of 0 characters'],
    ['too much', 'CANARY'.repeat(3_000), '18000 characters'],
  ])('that returns %s is not called again until the app reconnects', async (_, value, what) => {
    const token = vi.fn<() => Promise<unknown>>(() => Promise.resolve(value));
    const relay = await asked({ auth: { token: token as () => Promise<string> } });
    await relay.pass(60_000);
    expect(relay.connection.state.phase).toBe('failed');
    expect(relay.error).toMatchObject({ code: 'RELAY_UNAUTHORIZED', details: { needsOtherAuth: true } });
    expect(relay.error?.message).toContain(what);
    expect(relay.error?.message).toMatch(/then call `reconnect\(\)`.*Edits wait/);
    expect(relay.error?.message).not.toContain('CANARY');
    expect([relay.channel.sent, token.mock.calls.length]).toEqual([[], 1]);
    token.mockImplementation(() => Promise.resolve('x'.repeat(16_000)));
    relay.connection.reconnect();
    await relay.channel.say(askingHello, welcome);
    expect(relay.connection.state.phase).toBe('connected');
  });

  it('that is too slow for the relay is called again later, although the relay calls that unauthorized', async () => {
    const relay = await asked({ auth: { token: () => new Promise(() => {}) } });
    await relay.pass(3_000);
    await relay.channel.say(unauthorized);
    expect(relay.connection.state).toMatchObject({ phase: 'waiting', attempt: 1 });
    expect(relay.error?.message).toMatch(/no token in time/);
  });

  it('may return a token only after the connection has ended, and it is not sent then', async () => {
    let resolve: (token: string) => void = () => {};
    const relay = await asked({ auth: { token: () => new Promise<string>((done) => (resolve = done)) } });
    relay.connection.pause();
    resolve('late');
    await relay.pass(1_000);
    expect(relay.channels.flatMap(({ sent }) => sent)).toEqual([]);
  });
});

describe('a relay that refuses', () => {
  it('[CONN-19] is not asked again until the app reconnects', async () => {
    const relay = await asked({ auth: { token: tokens() } });
    await relay.channel.say(unauthorized);
    await relay.pass(120_000);
    expect(relay.connection.state.phase).toBe('failed');
    expect(relay.channels).toHaveLength(1);
    expect(relay.error).toMatchObject({
      code: 'RELAY_UNAUTHORIZED',
      details: { refusal: 'unauthorized', reason: 'No.' },
      message: expect.stringMatching(/Sign in again.*`auth`.*`reconnect\(\)`.*edits wait/) as unknown,
    });
    relay.connection.reconnect();
    await relay.channel.say(askingHello, welcome);
    expect(relay.connection.state.phase).toBe('connected');
    expect(auths(relay).map(({ token }) => token)).toEqual(['token-1', 'token-2']);
  });

  it('but names a time is asked again after it', async () => {
    for (const closing of [true, false]) {
      const relay = await asked({ auth: { token: tokens() } });
      await relay.channel.say({ ...unauthorized, closing, retryAfterMs: 20_000 });
      expect(relay.connection.state.phase).toBe('waiting');
      await relay.pass(19_000);
      expect(relay.channels).toHaveLength(1);
      await relay.pass(2_000);
      expect(relay.channels).toHaveLength(2);
    }
  });

  it('without closing has refused all the same', async () => {
    const relay = await asked({ auth: { token: tokens() } });
    await relay.channel.say({ ...unauthorized, closing: false });
    expect(relay.connection.state.phase).toBe('failed');
    expect(relay.channel.isOpen).toBe(false);
  });

  it('[SEC-19] may quote the token, the nonce or the signature, which are left out of the error', async () => {
    const node = await createAccountNode();
    const token = `${'a'.repeat(40)}.CANARY`;
    const relay = await asked({ auth: { token: () => Promise.resolve(token) }, node });
    const nonce = 'N'.repeat(43);
    const reason = `token=${token} (${nonce}) of ${node.currentSessionID} is old`;
    await relay.channel.say({ ...unauthorized, reason });
    expect(relay.error?.details).toMatchObject({
      reason: `… … of ${node.currentSessionID} is old`,
    });
    expect(relay.error?.message).not.toMatch(/CANARY|NNN/);
  });

  it('[CONN-20] because the sign-in has expired is dialled again at once, with a new token', async () => {
    const relay = await welcomed(tokens());
    await relay.pass(20_000);
    await relay.channel.say({ ...unauthorized, code: 'expired' });
    expect(relay.error?.message).toMatch(/Retrying automatically/);
    await relay.pass(0);
    relay.clock.advance(0);
    await relay.pass(0);
    await relay.channel.say(askingHello, welcome);
    expect(relay.connection.state.phase).toBe('connected');
    expect(auths(relay).map(({ token }) => token)).toEqual(['token-1', 'token-2']);
  });

  it('[CONN-20] again and again, as expired, is dialled with back-off', async () => {
    const token = tokens();
    const relay = askingRelay({ auth: { token } });
    for (let second = 0; second < 300; second++) {
      if (relay.channels.at(-1)?.isOpen)
        await relay.channel.say(askingHello, { ...unauthorized, code: 'expired', retryAfterMs: 0 });
      await relay.pass(1_000);
    }
    expect(relay.channels.length).toBeGreaterThan(10);
    expect(relay.channels.length).toBeLessThan(30);
  });
});

it('a closed connection leaves no timer behind while the app has yet to give a token', async () => {
  const relay = await asked({ auth: { token: () => new Promise(() => {}) } });
  relay.connection.close();
  expect(relay.clock.waiting).toBe(0);
});

describe('a hostile relay', () => {
  const invalid = { code: 'MESSAGE_INVALID' };

  it.each<[string, readonly object[]]>([
    ['welcomes before it asks', [welcome]],
    ['welcomes although it asks for nothing', [testHello, welcome]],
    ['welcomes twice', [askingHello, welcome, welcome]],
    ['says hello twice', [askingHello, askingHello]],
    [
      'says another hello after the welcome',
      [askingHello, welcome, { ...testHello, durability: 'power-loss' }],
    ],
  ])('[CONN-18] that %s loses the connection', async (_, frames) => {
    const relay = askingRelay({ auth: { token: tokens() } });
    await relay.pass(0);
    for (const frame of frames) await relay.channel.say(frame);
    expect(relay.error).toMatchObject(invalid);
    expect(relay.channel.isOpen).toBe(false);
  });

  it('[CONN-18] that welcomes while the token is being fetched lets nobody in', async () => {
    const relay = await asked({ auth: { token: () => new Promise(() => {}) } });
    await relay.channel.say(welcome);
    expect(relay.ready).not.toHaveBeenCalled();
    expect(relay.error).toMatchObject(invalid);
  });

  it('that never welcomes is given up, and tried again', async () => {
    const relay = await asked({ auth: { token: tokens() } });
    await relay.pass(demand.withinMs + marginMs - 1_000);
    expect(relay.connection.state.phase).toBe('connecting');
    await relay.pass(1_000);
    expect(relay.connection.state.phase).toBe('waiting');
    expect(relay.error).toMatchObject({ code: 'RELAY_UNAUTHORIZED' });
    expect(relay.error?.message).toMatch(/the relay does not answer.*relay’s log/);
    expect(relay.ready).not.toHaveBeenCalled();
  });

  it.each([1e300, 0.001])(
    'that grants %d ms to answer gets no more than a minute, and no less than time',
    async (withinMs) => {
      const relay = await asked(
        { auth: { token: tokens() } },
        { ...askingHello, auth: { ...demand, withinMs } },
      );
      await relay.pass(marginMs - 1_000);
      expect(relay.connection.state.phase).toBe('connecting');
      await relay.pass(62_000);
      expect(relay.channels.length).toBeGreaterThan(1);
    },
  );

  it('sends back what the device sends, which is no answer', async () => {
    const relay = await asked({ auth: { token: tokens() } });
    await relay.channel.say(...relay.channel.sent);
    await relay.channel.say(...relay.channel.sent);
    expect(relay.connection.state.phase).toBe('connecting');
    expect(auths(relay)).toHaveLength(1);
    const echo = askingRelay({ auth: { token: tokens() } });
    await echo.pass(0);
    await echo.channel.say({ maia: 'auth', method: 'jwt', token: 'x' });
    expect(echo.error).toMatchObject({ code: 'RELAY_NOT_A_RELAY' });
  });

  it('[SEC-19] that names a token as the refused CoValue puts neither it nor a line break into an error', async () => {
    const token = `${'a'.repeat(40)}.CANARY`;
    const relay = await asked({ auth: { token: () => Promise.resolve(token) } });
    await relay.channel.say({ ...unauthorized, id: `${token}\n\u001b[31m` });
    expect(JSON.stringify([relay.error?.message, relay.error?.details])).not.toMatch(/CANARY|\\n|\\u001b/);
  });
});
