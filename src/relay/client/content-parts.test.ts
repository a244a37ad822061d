import { cojsonInternals } from 'cojson';
import { describe, expect, it } from 'vitest';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { serveStub } from '../../../test/support/relay/serve-stub.ts';
import { createSharedMap, openRelay } from '../../../test/support/relay/test-relay.ts';
import type { Content, CoValueHeader, SessionContent } from '../../engine/content.ts';
import { createReadTurns } from './reading/read-turns.ts';
import {
  contentParts,
  maxBytesBeforeLast,
  maxTransactionsPerSession,
  oversizedSession,
} from './content-parts.ts';
import { until } from '../../../test/support/until.ts';

const transaction = (bytes: number) =>
  ({
    privacy: 'trusting',
    madeAt: 1,
    changes: '['.padEnd(bytes - 1) + ']',
  }) as SessionContent['newTransactions'][number];
const session = (...sizes: readonly number[]) =>
  ({ after: 0, newTransactions: sizes.map(transaction), lastSignature: 'signature_z1' }) as SessionContent;
const content = (sessions: Readonly<Record<string, SessionContent>>) =>
  ({ action: 'content', id: 'co_z1', priority: 3, header: {}, new: sessions }) as unknown as Content;
const named = (count: number, make: () => SessionContent) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`session${at}`, make()]));

describe('[RELAY-32] content', () => {
  it('is cut at its sessions, in order, with the header in the first part only', () => {
    const whole = content(named(10, () => session(30_000)));
    const parts = [...contentParts(whole)];
    expect(parts.map((part) => Object.keys(part.new).length)).toEqual([3, 3, 3, 1]);
    expect(parts.map(({ header }) => header !== undefined)).toEqual([true, false, false, false]);
    expect(Object.assign({}, ...parts.map((part) => part.new))).toEqual(whole.new);
    expect(new Set(parts.map(({ id }) => id))).toEqual(new Set(['co_z1']));
  });

  it('is not cut if it is short, has no session, or has only one', () => {
    for (const sessions of [{}, { one: session(900_000) }, named(3, () => session(10))]) {
      const whole = content(sessions);
      expect([...contentParts(whole)]).toEqual([whole]);
    }
  });

  it('of thousands of tiny sessions is cut into parts of a hundred, too', () => {
    expect([...contentParts(content(named(5_000, () => session(2))))].length).toBe(50);
  });

  it('is too large if one signature covers too much before its last transaction', () => {
    const isOversized = (...sizes: readonly number[]) => oversizedSession(content({ s: session(...sizes) }));
    expect(isOversized(...Array<number>(maxTransactionsPerSession).fill(2))).toBeUndefined();
    expect(isOversized(...Array<number>(maxTransactionsPerSession + 1).fill(2))).toContain(
      '5001 transactions',
    );
    expect(isOversized(maxBytesBeforeLast, 1_048_576)).toBeUndefined();
    expect(isOversized(maxBytesBeforeLast, 2, 2)).toContain(`${maxBytesBeforeLast + 2} bytes`);
  });
});

it('[RELAY-32] a relay refuses a session with too many transactions under one signature', async () => {
  const relay = await openRelay();
  const map = createSharedMap(await createClientNode());
  const [piece] = map.core.newContentSince(undefined) ?? [];
  if (!piece) throw new Error('the map has no content');
  const sessions = Object.entries(piece.new).map(([id, { newTransactions, ...rest }]) => [
    id,
    {
      ...rest,
      newTransactions: Array.from({ length: maxTransactionsPerSession + 1 }, () => newTransactions[0]),
    },
  ]);
  const client = await openRawClient(relay.url);
  client.send({ ...piece, new: Object.fromEntries(sessions) as unknown });
  const reason = expect.stringContaining('5001 transactions under one signature') as unknown;
  await client.waitFor({ maia: 'refused', code: 'too-large', reason, closing: true });
  await until(() => expect(client.closeCode).toBe(1009));
  await relay.close();
});

it('[RELAY-32] a connection takes content in parts, one in each of its turns if each takes long', async () => {
  const taken: string[] = [];
  let nowMs = 0;
  const turns = createReadTurns(() => nowMs);
  const read = (part: Content) => {
    nowMs += 3;
    taken.push(...Object.keys(part.new));
    return undefined;
  };
  const { socket } = serveStub({ turns, beginnings: { read, heldBack: () => undefined } });
  const secret = crypto.newRandomAgentSecret();
  const agent = crypto.getAgentID(secret);
  const lastSignature = crypto.sign(crypto.getAgentSignerSecret(secret), 'anything');
  const sessions = [1, 2, 3].map(
    () => [crypto.newRandomSessionID(agent), { ...session(60_000), lastSignature }] as const,
  );
  const header: CoValueHeader = {
    ...{ type: 'comap', ruleset: { type: 'unsafeAllowAll' }, meta: null, uniqueness: 'z1' },
  };
  const id = cojsonInternals.idforHeader(header, crypto);
  const message = { ...content(Object.fromEntries(sessions)), id, header };
  socket.emit('message', Buffer.from(JSON.stringify(message)), false);
  const ids = sessions.map(([id]) => id);
  for (const count of [1, 2, 3]) {
    expect(taken).toEqual(ids.slice(0, count));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
});
