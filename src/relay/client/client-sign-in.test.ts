import { describe, expect, it, vi } from 'vitest';
import { serveStub } from '../../../test/support/relay/serve-stub.ts';
import { messagesIn } from '../../../test/support/relay/raw-client.ts';
import { until } from '../../../test/support/until.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import { SignInRefusal, type Principal } from '../auth/principal.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import type { Payer } from '../quota/usage.ts';
import { maxBytesBeforeSignIn } from './client-sign-in.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const load = { action: 'load', id: `co_z${'2'.repeat(43)}`, header: false, sessions: {} };
const echo = (t: number) => ({ maia: 'echo', t });
const minuteMs = 60_000;

interface Verification {
  readonly nonce: string;
  readonly token: string;
  isEnded: boolean;
  end(result: Principal | Error): void;
}

/** A connection to a relay that requires signing in; `verifications` are answered by the test. */
function setUp(options: Parameters<typeof serveStub>[0] = {}) {
  const verifications: Verification[] = [];
  const methods: SignInMethods = {
    names: ['jwt'],
    verify: (frame, nonce) =>
      new Promise((resolve, reject) => {
        const token = frame.method === 'jwt' ? frame.token : '';
        verifications.push({
          ...{ nonce, token, isEnded: false },
          end(result) {
            this.isEnded = true;
            if (result instanceof Error) reject(result);
            else resolve(result);
          },
        });
      }),
  };
  const signInFailed = vi.fn();
  const countLookup = vi.fn<() => string | undefined>();
  const unfinished: ((bytes: number) => void)[] = [];
  const incoming = {
    ...{ isTooSlow: () => false, restart() {} },
    onChange: (listener: (bytes: number) => void) => void unfinished.push(listener),
  };
  const hello = { maia: 'hello', auth: null } as Partial<HelloFrame> as HelloFrame;
  const { socket, sent, node, clock, connection } = serveStub({
    ...{
      signInMethods: methods,
      signInLimits: { signInFailed, signInRefusal: () => undefined, countLookup },
      incoming,
      hello,
      ...options,
    },
  });
  const send = (message: object | string) =>
    socket.emit(
      'message',
      Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)),
      false,
    );
  const answers = () => messagesIn(sent.flatMap((frame) => frame.split('\n')));
  return {
    ...{ send, answers, clock, connection, signInFailed, countLookup, verifications, unfinished },
    last: () => answers().at(-1),
    peers: () => Object.keys(node.syncManager.peers),
    signIn: (token: string) => send({ maia: 'auth', method: 'jwt', token }),
    grant: (principal: Partial<Principal> = {}) => end({ kind: 'token', id: 'user-1', ...principal }),
    deny: end,
  };

  /** The relay reads what was sent in a later turn if this one has taken long. */
  async function end(result: Principal | Error): Promise<void> {
    const verification = await until(() => {
      const open = verifications.findLast(({ isEnded }) => !isEnded);
      if (!open) throw new Error('Nothing is being verified.');
      return open;
    });
    verification.end(result);
    await turn();
  }
}

describe('[RELAY-55] a client that must sign in', () => {
  it('is asked in `hello`, and becomes a peer once it is in', async () => {
    const { answers, last, peers, signIn, send, grant, verifications } = setUp();
    const [{ auth }] = answers() as [{ auth: { nonce: string } }];
    expect(auth).toEqual({
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      methods: ['jwt'],
      withinMs: 10_000,
    });
    signIn('t1');
    await turn();
    expect([answers().length, peers()]).toEqual([1, []]);
    expect(verifications).toMatchObject([{ nonce: auth.nonce, token: 't1' }]);
    await grant();
    expect(last()).toEqual({ maia: 'welcome', principal: 'token', nonce: expect.any(String) as string });
    expect(last()?.nonce).not.toBe(auth.nonce);
    expect(peers()).toEqual(['client-1']);
    send({ maia: 'later', text: 'x'.repeat(maxBytesBeforeSignIn) });
    send(echo(5));
    await until(() => expect(last()).toEqual({ maia: 'echoed', t: 5 }));
  });

  it.each([
    ['a sync message', load],
    ['hi', { maia: 'hi', v: 1, kernel: '1' }],
    ['an echo', echo(1)],
    ['a query', { maia: 'inspect', ask: 1, id: load.id }],
    ['a ping', { type: 'ping', time: 1, dc: 'x' }],
    ['a frame of a later version', { maia: 'later' }],
  ])('is disconnected if it sends %s first', (_, message) => {
    const { send, last, peers } = setUp();
    send(message);
    expect(last()).toMatchObject({ maia: 'refused', code: 'unauthorized', closing: true });
    expect(peers()).toEqual([]);
  });

  it('has nothing else read until it is in, in the order that it was sent', async () => {
    const { send, signIn, answers, grant } = setUp();
    signIn('t1');
    send(echo(1));
    send(echo(2));
    await turn();
    expect(answers()).toHaveLength(1);
    await grant();
    await turn();
    expect(answers().slice(2)).toEqual([
      { maia: 'echoed', t: 1 },
      { maia: 'echoed', t: 2 },
    ]);
  });

  it('cannot make the relay keep much before that, finished or not', () => {
    const long = setUp();
    long.send(JSON.stringify({ maia: 'auth', method: 'jwt', token: 'x'.repeat(maxBytesBeforeSignIn) }));
    expect(long.last()).toMatchObject({ maia: 'refused', code: 'too-large', closing: true });
    const endless = setUp();
    for (const listener of endless.unfinished) listener(maxBytesBeforeSignIn);
    expect(endless.answers()).toHaveLength(1);
    for (const listener of endless.unfinished) listener(maxBytesBeforeSignIn + 1);
    expect(endless.last()).toMatchObject({ maia: 'refused', code: 'too-large', closing: true });
  });

  it('is disconnected if it does not sign in for ten seconds', () => {
    const { clock, answers, last } = setUp();
    clock.advance(10_000 - 1);
    expect(answers()).toHaveLength(1);
    clock.advance(1);
    expect(last()).toMatchObject({ maia: 'refused', code: 'unauthorized', closing: true });
  });

  it.each([
    [
      new SignInRefusal('expired', 'The token has expired.'),
      { code: 'expired', reason: 'The token has expired.' },
    ],
    [
      new SignInRefusal('unauthorized', 'Wait.', { retryAfterMs: 20_000 }),
      { code: 'unauthorized', retryAfterMs: 20_000 },
    ],
    [new Error('canary'), { code: 'unauthorized', reason: 'The relay could not verify the sign-in.' }],
  ])('hears why it was not let in, and counts as failed (%#)', async (error, refusal) => {
    const { signIn, deny, last, peers, signInFailed } = setUp();
    signIn('t1');
    await deny(error);
    expect(last()).toMatchObject({ maia: 'refused', closing: true, ...refusal });
    expect([peers(), signInFailed.mock.calls.length]).toEqual([[], 1]);
  });

  it('that leaves while it is verified does not come in', async () => {
    const { signIn, grant, connection, peers, answers } = setUp();
    signIn('t1');
    connection.refuse('draining', 'The relay is stopping.');
    await grant();
    expect(peers()).toEqual([]);
    expect(answers().map(({ maia }) => maia)).toEqual(['hello', 'refused']);
  });
});

describe('[RELAY-59] a sign-in that ends', () => {
  async function signedIn(principal: Partial<Principal>) {
    const set = setUp();
    set.signIn('t1');
    await set.grant({ untilMs: set.clock.nowMs() + 10 * minuteMs, ...principal });
    return set;
  }

  it('is announced, and is over 30 s later unless it is renewed', async () => {
    const { last, clock } = await signedIn({});
    expect(last()).toMatchObject({ maia: 'welcome', expiresInMs: 10 * minuteMs });
    clock.advance(10 * minuteMs + 29_999);
    expect(last()).toMatchObject({ maia: 'welcome' });
    clock.advance(1);
    expect(last()).toMatchObject({ maia: 'refused', code: 'expired', closing: true });
  });

  it('is renewed on the open connection, with a new nonce, while sync goes on', async () => {
    const { signIn, grant, send, last, answers, clock, peers, verifications } = await signedIn({});
    const { nonce } = last() as { nonce: string };
    clock.advance(9 * minuteMs);
    signIn('t2');
    send(echo(1));
    await until(() => expect(last()).toEqual({ maia: 'echoed', t: 1 }));
    await grant({ untilMs: clock.nowMs() + 10 * minuteMs });
    expect(verifications[1]).toMatchObject({ nonce, token: 't2' });
    expect(last()).toMatchObject({ maia: 'welcome', expiresInMs: 10 * minuteMs });
    clock.advance(10 * minuteMs);
    expect(peers()).toEqual(['client-1']);
    expect(answers().filter(({ maia }) => maia === 'refused')).toEqual([]);
  });

  it('goes on after a renewal that failed, of which the client hears', async () => {
    const { signIn, deny, last, send, peers } = await signedIn({});
    signIn('t2');
    await deny(new SignInRefusal('unauthorized', 'The token was refused.'));
    await until(() =>
      expect(last()).toMatchObject({ maia: 'refused', code: 'unauthorized', closing: false }),
    );
    send(echo(1));
    await until(() => expect(last()).toEqual({ maia: 'echoed', t: 1 }));
    expect(peers()).toEqual(['client-1']);
  });

  it('[RELAY-58] keeps its nonce for another proof after one that failed, and never for two that count', async () => {
    const { signIn, grant, deny, last, verifications } = await signedIn({});
    const { nonce } = last() as { nonce: string };
    signIn('t2');
    await deny(new SignInRefusal('unauthorized', 'The account proof was refused.'));
    signIn('t3');
    await grant();
    expect(verifications.slice(1).map((each) => each.nonce)).toEqual([nonce, nonce]);
    expect(last()).toMatchObject({ maia: 'welcome' });
    expect(last()?.nonce).not.toBe(nonce);
  });

  it.each([{ id: 'user-2' }, { kind: 'account' as const }, { kind: 'lookup' as const }])(
    'cannot be renewed by another user (%o)',
    async (other) => {
      const { signIn, grant, last } = await signedIn({});
      signIn('t2');
      await grant(other);
      expect(last()).toMatchObject({
        maia: 'refused',
        code: 'unauthorized',
        closing: true,
        retryAfterMs: 1_000,
      });
    },
  );
});

describe('[RELAY-60] a lookup', () => {
  async function lookingUp() {
    const set = setUp();
    set.signIn('t1');
    await set.grant({ kind: 'lookup', id: 'agent-1' });
    return set;
  }

  it('makes no peer, and is welcome for 30 s', async () => {
    const { last, peers, clock } = await lookingUp();
    expect(last()).toEqual({ maia: 'welcome', principal: 'lookup', nonce: expect.any(String) as string });
    expect(peers()).toEqual([]);
    clock.advance(30_000 - 1);
    expect(last()).toMatchObject({ maia: 'welcome' });
    clock.advance(1);
    expect(last()).toMatchObject({ maia: 'refused', code: 'expired', closing: true });
  });

  it('is counted, and refused beyond the limit of its address', async () => {
    const { signIn, grant, last, countLookup, signInFailed } = setUp();
    countLookup.mockReturnValue('Too many.');
    signIn('t1');
    await grant({ kind: 'lookup', id: 'agent-1' });
    expect(last()).toMatchObject({
      ...{ maia: 'refused', code: 'limit', reason: 'Too many.', closing: true },
      retryAfterMs: expect.any(Number) as number,
    });
    expect([countLookup.mock.calls.length, signInFailed.mock.calls.length]).toEqual([1, 0]);
  });

  it('is answered load by load', async () => {
    const { send, answers } = await lookingUp();
    send([load, load, load].map((message) => JSON.stringify(message)).join('\n'));
    const notFound = { action: 'known', id: load.id, header: false, sessions: {} };
    await until(() => expect(answers().slice(2)).toEqual([notFound, notFound, notFound]));
  });

  it('is limited in what it may send', async () => {
    const { send, last } = await lookingUp();
    send({ maia: 'later', text: 'x'.repeat(maxBytesBeforeSignIn) });
    expect(last()).toMatchObject({ maia: 'refused', code: 'too-large', closing: true });
  });

  it('may become an account, which then stays', async () => {
    const { signIn, grant, send, last, peers, clock, countLookup, verifications } = await lookingUp();
    signIn('t2');
    send(echo(1));
    await until(() => expect(verifications).toHaveLength(2));
    expect(last()).toMatchObject({ principal: 'lookup' });
    await grant({ kind: 'account', id: 'co_zA' });
    await until(() => expect(last()).toEqual({ maia: 'echoed', t: 1 }));
    expect(peers()).toEqual(['client-1']);
    clock.advance(minuteMs);
    expect(peers()).toEqual(['client-1']);
    expect(last()).toEqual({ maia: 'echoed', t: 1 });
    expect(countLookup).toHaveBeenCalledOnce();
  });

  it.each([
    { kind: 'token', id: 'user-1' },
    { kind: 'lookup', id: 'agent-1' },
    { kind: 'lookup', id: 'agent-2' },
  ] as const)('may not become %o', async (other) => {
    const { signIn, grant, last, peers, verifications } = await lookingUp();
    signIn('t2');
    await until(() => expect(verifications).toHaveLength(2));
    await grant(other);
    await until(() => expect(last()).toMatchObject({ maia: 'refused', code: 'unauthorized', closing: true }));
    expect(peers()).toEqual([]);
  });

  it('ends with a proof that does not count', async () => {
    const { signIn, deny, last, peers, signInFailed, verifications } = await lookingUp();
    signIn('t2');
    await until(() => expect(verifications).toHaveLength(2));
    await deny(new SignInRefusal('unauthorized', 'No.'));
    await until(() => expect(last()).toMatchObject({ maia: 'refused', code: 'unauthorized', closing: true }));
    expect([peers(), signInFailed.mock.calls.length]).toEqual([[], 1]);
  });
});

it('an `auth` that no relay asked for is ignored', async () => {
  const { socket, sent } = serveStub();
  socket.emit('message', Buffer.from(JSON.stringify({ maia: 'auth', method: 'jwt', token: 't' })), false);
  socket.emit('message', Buffer.from(JSON.stringify(echo(1))), false);
  await turn();
  expect(messagesIn(sent).at(-1)).toEqual({ maia: 'echoed', t: 1 });
});

describe('[RELAY-85] a client with a quota', () => {
  function setUpWithUsage() {
    const entering: ((payer: Payer | undefined) => void)[] = [];
    const blocked = new Set<string>();
    const restrictions = {
      isTakenDown: () => false,
      barredBy: () => undefined,
      blockOf: ({ id }: { id: string }) =>
        blocked.has(id)
          ? { kind: 'principal' as const, id, reason: 'Spam', untilMs: 0, sinceMs: 0 }
          : undefined,
    };
    const enter = vi.fn(() => new Promise<Payer | undefined>((resolve) => void entering.push(resolve)));
    const usage = { enter, payerOf: () => undefined };
    return { ...setUp({ restrictions, usage }), entering, blocked, enter };
  }

  it('is in once it is known what it has used', async () => {
    const { signIn, grant, entering, enter, peers, last } = setUpWithUsage();
    signIn('t1');
    await grant();
    expect(peers()).toEqual([]);
    expect(enter).toHaveBeenCalledExactlyOnceWith('client-1', 'user-1');
    entering[0]?.({
      quota: () => ({ bytes: 10 }),
      used: () => ({ bytes: 3, coValues: 1 }),
    } as Payer);
    await until(() =>
      expect(last()).toMatchObject({ maia: 'welcome', quota: { bytes: 10, usedBytes: 3, usedCoValues: 1 } }),
    );
    expect(peers()).toEqual(['client-1']);
  });

  it('[RELAY-61] is not let in if it is blocked meanwhile', async () => {
    const { signIn, grant, entering, blocked, peers, last } = setUpWithUsage();
    signIn('t1');
    await grant();
    blocked.add('user-1');
    entering[0]?.(undefined);
    await until(() => expect(last()).toMatchObject({ maia: 'refused', code: 'forbidden', closing: true }));
    expect(peers()).toEqual([]);
  });
});
