import type { LocalNode, RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import { messagesIn } from '../../../../test/support/relay/raw-client.ts';
import { createStubSocket, serveStub } from '../../../../test/support/relay/serve-stub.ts';
import { until } from '../../../../test/support/until.ts';
import { silentLogger } from '../../../base/logger.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import type { Authorize } from '../../authorize/ask-within.ts';
import { createAuthorizer, maxConcurrentQuestions } from '../../authorize/authorizer.ts';
import { followAuthorization, type Authorization } from './authorization.ts';

type Asked = Parameters<Authorize>[0];

/** A client at a real node, of which `authorize` decides. */
function setUp(authorize: Authorize, options: Parameters<typeof serveStub>[0] = {}) {
  const clock = createFakeClock();
  const sent: string[] = [];
  const socket = createStubSocket(sent);
  const asked: Asked[] = [];
  const authorizer = createAuthorizer({
    ...{ clock, logger: silentLogger, decided() {} },
    authorize(request) {
      asked.push(request);
      return authorize(request);
    },
  });
  const late: { authorization?: Authorization } = {};
  const stub = serveStub({
    ...{ clock, socket, ...options },
    authorization: {
      ...{ authorizer, appID: undefined },
      rootFor: (peerID) => late.authorization?.rootFor(peerID),
    },
  });
  late.authorization = followAuthorization(authorizer, undefined, stub.node);
  const received = () => messagesIn(sent.flatMap((frame) => frame.split('\n')));
  return {
    ...{ clock, asked, node: stub.node, received },
    send: (...messages: readonly object[]) =>
      void socket.emit(
        'message',
        Buffer.from(messages.map((message) => JSON.stringify(message)).join('\n')),
        false,
      ),
    contentOf: (id: string) =>
      received().filter((message) => message.action === 'content' && message.id === id),
  };
}

const load = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const known = (id: string) => ({ action: 'known', id, header: false, sessions: {} });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function createMap(node: LocalNode): Promise<RawCoMap> {
  const map = node.createGroup().createMap({ word: 'first' });
  // The node passes edits on after the call.
  await turn();
  return map;
}

const wordsIn = (messages: readonly Record<string, unknown>[]) =>
  messages.flatMap((message) => [...JSON.stringify(message).matchAll(/word-\d+/g)].map(([word]) => word));

/** Each question about the CoValue waits for the test. */
function gated() {
  const gate: { answers: ((isYes: boolean) => void)[]; id: string } = { answers: [], id: '' };
  const authorize: Authorize = ({ id }) =>
    id !== gate.id || new Promise<boolean>((resolve) => gate.answers.push(resolve));
  return { gate, authorize };
}

it('[RELAY-82] a follower whose right has ended gets nothing more, and one who still has it gets all, in order', async () => {
  const { gate, authorize } = gated();
  const { node, send, clock, contentOf } = setUp(authorize);
  const [map, other] = [await createMap(node), await createMap(node)];
  send(load(map.id), load(other.id));
  await until(() =>
    expect([contentOf(map.id), contentOf(other.id)].map(({ length }) => length)).toEqual([1, 1]),
  );
  gate.id = map.id;
  map.set('word', 'word-1', 'trusting');
  await turn();
  expect(wordsIn(contentOf(map.id))).toEqual(['word-1']);
  expect(gate.answers).toHaveLength(0);
  clock.advance(60_000);
  for (const word of ['word-2', 'word-3']) map.set('word', word, 'trusting');
  other.set('word', 'word-9', 'trusting');
  await turn();
  map.set('word', 'word-4', 'trusting');
  await turn();
  expect(wordsIn(contentOf(map.id))).toEqual(['word-1']);
  // Others do not wait.
  expect(wordsIn(contentOf(other.id))).toEqual(['word-9']);
  expect(gate.answers).toHaveLength(1);
  gate.answers.shift()?.(true);
  await until(() => expect(wordsIn(contentOf(map.id))).toEqual(['word-1', 'word-2', 'word-3', 'word-4']));
  clock.advance(60_000);
  map.set('word', 'word-5', 'trusting');
  await turn();
  gate.answers.shift()?.(false);
  await turn();
  map.set('word', 'word-6', 'trusting');
  await turn();
  expect(wordsIn(contentOf(map.id))).toHaveLength(4);
});

it('[RELAY-82] a client whose right to a CoValue ended with which others went along connects again', async () => {
  let isAllowed = true;
  let allowedID = '';
  const { node, send, clock, received, contentOf } = setUp(({ id }) => id === allowedID && isAllowed);
  const map = await createMap(node);
  allowedID = map.id;
  send(load(map.id));
  await until(() => expect(contentOf(map.group.id)).toHaveLength(1));
  clock.advance(60_000);
  map.group.addMember('everyone', 'reader');
  await until(() => expect(JSON.stringify(contentOf(map.group.id))).toContain('everyone'));
  const before = contentOf(map.group.id).length;
  isAllowed = false;
  clock.advance(60_000);
  map.group.addMember('everyone', 'writer');
  await until(() =>
    expect(received().at(-1)).toMatchObject({ maia: 'refused', code: 'storage', closing: true }),
  );
  expect(contentOf(map.group.id)).toHaveLength(before);
});

it('[RELAY-82] an `inspect` is answered by the answer to its question, also if that has become too old', async () => {
  const id = 'co_zStored';
  const { send, clock, received } = setUp(() => true, {
    hello: { inspect: true } as never,
    storage: {
      readCommitted() {
        clock.advance(60_000);
        return Promise.resolve({ id, header: true, sessions: {} });
      },
    } as never,
  });
  send({ maia: 'inspect', ask: 1, id });
  await until(() => expect(received().at(-1)).toMatchObject({ maia: 'inspected', ask: 1 }));
  expect(received().at(-1)?.known).toEqual({ header: true, sessions: {} });
});

it('[RELAY-83] a client is asked to connect again once it may have what was refused to it', async () => {
  let isAllowed = false;
  const { node, send, clock, received, asked } = setUp(() => isAllowed);
  const map = await createMap(node);
  send(load(map.id));
  await until(() => expect(received()).toContainEqual(known(map.id)));
  clock.advance(60_000);
  await turn();
  expect(asked).toHaveLength(2);
  expect(received().filter(({ maia }) => maia === 'refused')).toEqual([]);
  isAllowed = true;
  clock.advance(60_000);
  await until(() =>
    expect(received().at(-1)).toMatchObject({ maia: 'refused', code: 'storage', closing: true }),
  );
});

it('[RELAY-84] messages that wait for an answer keep their order, whatever is answered first', async () => {
  const open: ((isYes: boolean) => void)[] = [];
  let mostOpen = 0;
  const { send, received } = setUp(
    () =>
      new Promise((resolve) => {
        open.push(resolve);
        mostOpen = Math.max(mostOpen, open.length);
      }),
  );
  const ids = Array.from(
    { length: 1_000 },
    (_, index) => `co_z${'A'.repeat(30)}${String(index).replaceAll('0', 'Z')}`,
  );
  send(...ids.map(load));
  const answered = () => received().flatMap(({ action, id }) => (action === 'known' ? [id] : []));
  await until(() => {
    for (const answer of open.splice(0).reverse()) answer(false);
    expect(answered()).toHaveLength(ids.length);
  });
  expect(answered()).toEqual(ids);
  expect(mostOpen).toBe(maxConcurrentQuestions);
});
