import { describe, expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  pull,
  pullAll,
  push,
  take,
  type StatelessAnswer,
} from '../../../test/support/relay/stateless-client.ts';
import {
  audienceOf,
  exchange,
  nonceOf,
  post,
  proofOf,
  withToken,
} from '../../../test/support/relay/stateless-sign-in.ts';
import { createWriter } from '../../../test/support/relay/stateless-writer.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import type { Content } from '../../engine/content.ts';

const reason = 'Spam in shared lists';

function expectBlocked(answer: StatelessAnswer): void {
  const message = expect.stringContaining(reason) as string;
  expect(answer).toMatchObject({ status: 403, body: { error: { code: 'forbidden', message } } });
  expect(answer.headers.get('retry-after')).toBe('60');
}

describe('what an operator has blocked', () => {
  it('[RELAY-61] [RELAY-69] an account is refused with the reason, with a token from before, too', async () => {
    const { relay, act } = await startAdministeredRelay({
      auth: { account: true },
      limits: { failedSignInsPerMinute: 1 },
    });
    const { node, map, all } = await createWriter();
    const { body } = await exchange(relay.url, node, await nonceOf(relay.url));
    const token = withToken(body.token);
    expect((await push(relay.url, all(), token)).status).toBe(200);
    await act('block', { id: accountOf(node).id, reason });
    // None of these counts as a failed sign-in.
    for (let count = 0; count < 2; count++) {
      expectBlocked(await push(relay.url, all(), token));
      expectBlocked(await pull(relay.url, [map], {}, token));
      expectBlocked(await exchange(relay.url, node, await nonceOf(relay.url)));
    }
    await act('unblock', { id: accountOf(node).id });
    expect((await pull(relay.url, [map], {}, token)).status).toBe(200);
  });

  it('[RELAY-61] [RELAY-69] the user of a token is refused with the reason', async () => {
    const key = await createSigningKey('key');
    const { url: jwksUrl } = await openIdentityServer(key);
    const { relay, act } = await startAdministeredRelay({ auth: { jwksUrl } });
    await act('block', { id: '["","user-1"]', reason });
    const token = withToken(await signToken(key));
    expectBlocked(await push(relay.url, [], token));
    expectBlocked(await pull(relay.url, ['co_zabc'], {}, token));
    expect((await push(relay.url, [], withToken(await signToken(key, { sub: 'user-2' })))).status).toBe(200);
  });

  it('[RELAY-65] a push with content of a blocked author stores nothing, whoever sends it', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { node, map, all, edit } = await createWriter();
    const other = await createWriter();
    await push(relay.url, all());
    await act('block', { id: accountOf(node).id, reason });
    const refused = await push(relay.url, [...other.all(), ...edit('later')]);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'forbidden' }, ids: [map.id] } });
    // The reason is for the blocked account alone.
    expect(JSON.stringify(refused.body)).not.toContain(reason);
    expect((await pullAll(relay.url, [other.map])).changes).toEqual([]);
    // What the relay has of it, it serves.
    const reader = await createClientNode();
    take(reader, (await pullAll(relay.url, [map])).changes);
    const theirs = await reader.load(map.id);
    expect(theirs === 'unavailable' ? theirs : theirs.get('word')).toBe('first');
    // Nothing of it is new.
    expect((await push(relay.url, all().slice(0, 1))).status).toBe(200);
  });
});

describe('what an operator has taken down', () => {
  it('[RELAY-65] is refused in a push, with all else in it', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { map, all, edit } = await createWriter();
    const other = await createWriter();
    await push(relay.url, all());
    await act('take-down', { id: map.id, reason });
    const header = all()
      .filter(({ id }) => id === map.id)
      .map((change) => ({ ...change, new: {} }));
    for (const changes of [edit('later'), all(), header]) {
      const refused = await push(relay.url, [...other.all(), ...changes]);
      expect(refused).toMatchObject({ status: 403, body: { error: { code: 'forbidden' }, ids: [map.id] } });
    }
    expect((await pullAll(relay.url, [other.map])).changes).toEqual([]);
    await act('put-back', { id: map.id });
    expect((await push(relay.url, all())).status).toBe(200);
  });

  it('[RELAY-67] is left out of a pull, and pulled once it is put back', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { node, map, all } = await createWriter();
    const other = map.group.createMap({ word: 'other' });
    await push(relay.url, [...all(), ...changesOf(node, other)]);
    const ids = [map, other];
    const idsOf = (changes: readonly Content[]) => new Set<string>(changes.map(({ id }) => id));
    const before = await pullAll(relay.url, ids);
    await act('take-down', { id: map.id, reason });
    const hidden = await pullAll(relay.url, ids);
    expect(idsOf(hidden.changes)).toEqual(new Set([...idsOf(before.changes)].filter((id) => id !== map.id)));
    expect((await pullAll(relay.url, [map])).changes).toEqual([]);
    // Also by a cursor from before, and by the one that follows.
    await push(
      relay.url,
      changesBy(node, other, () => other.set('word', 'later')),
    );
    const since = await pullAll(relay.url, ids, { since: before.cursor });
    expect(idsOf(since.changes)).toEqual(new Set([other.id]));
    expect((await pullAll(relay.url, ids, { since: since.cursor })).changes).toEqual([]);
    await act('put-back', { id: map.id });
    for (const { cursor } of [hidden, since])
      expect(await pull(relay.url, ids, { since: cursor })).toMatchObject({
        status: 410,
        body: { resync: true },
      });
    expect(idsOf((await pullAll(relay.url, ids)).changes)).toEqual(idsOf(before.changes));
    // Its client had everything.
    expect((await pull(relay.url, ids, { since: before.cursor })).status).toBe(200);
  });

  it('[RELAY-67] between two parts of an answer begins the pull anew', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { map, all } = await createWriter();
    await push(relay.url, all());
    const { body } = await pull(relay.url, [map], { limit: '1' });
    expect(body.more).toBe(true);
    await act('take-down', { id: map.group.id, reason });
    const next = await pull(relay.url, [map], { since: String(body.syncedUntil) });
    expect(next.status).toBe(410);
  });
});

it('[RELAY-69] a lookup gets no token', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const node = await createClientNode();
  const proof = { ...proofOf(node, await nonceOf(relay.url), audienceOf(relay.url)), scope: 'lookup' };
  const answer = await post(relay.url, 'token', JSON.stringify(proof));
  expect(answer).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  const unknown = await post(relay.url, 'token', JSON.stringify({ ...proof, scope: 'later' }));
  expect(unknown.status).toBe(400);
});
