import type { RawCoMap } from 'cojson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawClient, type RawClient } from '../../../../test/support/relay/raw-client.ts';
import { createClientNode } from '../../../../test/support/relay/stock-client.ts';
import { createSharedMap, openRelay } from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';
import { writeSessions } from '../../../../test/support/relay/write-sessions.ts';
import type { Content } from '../../../engine/content.ts';
import type { Relay } from '../../index.ts';
import { maxWholeSessions } from './cut-acknowledgements.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay();
});
afterAll(() => relay.close());

const kernel = { maia: 'hi', v: 1, kernel: '0' };

/** A map of so many sessions, one transaction each, that the relay has. */
async function storeMap(sessions: number): Promise<RawCoMap> {
  const node = await createClientNode();
  const map = createSharedMap(node);
  writeSessions(map, sessions - 1);
  const writer = await openRawClient(relay.url);
  for (const content of contentsOf(map)) writer.send(content);
  await until(() => statesIn(writer, map).some(({ sessions: said }) => has(said, map)));
  return map;
}

/** The author's account, the group and the map. */
function contentsOf(map: RawCoMap): Content[] {
  const { node } = map.core;
  const account = node.getCoValue(node.expectCurrentAccountID('test'));
  return [account, map.group.core, map.core].flatMap((core) => core.newContentSince(undefined) ?? []);
}

function edit(map: RawCoMap): Content {
  const before = map.core.knownState();
  map.set('word', 'edited', 'trusting');
  const [content] = map.core.newContentSince(before) ?? [];
  if (!content) throw new Error('An edit is content.');
  return content;
}

interface Stated {
  readonly action: string;
  readonly sessions: Readonly<Record<string, number>>;
  readonly partial?: boolean;
}

/** What the relay claims to have of the map. */
function statesIn(client: RawClient, { id }: RawCoMap): Stated[] {
  const states = client.received.filter((one) => one.action === 'known' && one.id === id);
  return states as readonly object[] as Stated[];
}

function has(said: Stated['sessions'], map: RawCoMap): boolean {
  return (
    map.core.knownState().sessions[map.core.node.currentSessionID] === said[map.core.node.currentSessionID]
  );
}

/** Sends the edit, and returns the answer. */
async function acknowledged(
  client: RawClient,
  map: RawCoMap,
  content = edit(map),
): Promise<Stated | undefined> {
  const before = statesIn(client, map).length;
  client.send(content);
  await until(() => statesIn(client, map).length > before);
  return statesIn(client, map)[before];
}

const whole = (map: RawCoMap) => ({ ...map.core.knownState(), action: 'known' });
const own = (map: RawCoMap) => {
  const { currentSessionID } = map.core.node;
  const count = map.core.knownState().sessions[currentSessionID];
  return {
    action: 'known',
    id: map.id,
    header: true,
    sessions: { [currentSessionID]: count },
    partial: true,
  };
};

describe('an acknowledgement of content', () => {
  it('[RELAY-52] names only the sessions of the content to a kernel that reads this', async () => {
    const map = await storeMap(2);
    const client = await openRawClient(relay.url);
    client.send({ ...kernel, cutAcks: true });
    expect(await acknowledged(client, map)).toEqual(own(map));
  });

  it('[RELAY-52] is whole for every other kernel', async () => {
    const map = await storeMap(maxWholeSessions + 1);
    for (const hi of [kernel, { ...kernel, cutAcks: false }]) {
      const client = await openRawClient(relay.url);
      client.send(hi);
      expect(await acknowledged(client, map)).toEqual(whole(map));
    }
  });

  it('[RELAY-52] is whole for a stock client up to 64 sessions, and then names only the sessions of the content', async () => {
    const client = await openRawClient(relay.url);
    const few = await storeMap(maxWholeSessions);
    expect(await acknowledged(client, few)).toEqual(whole(few));
    const more = await storeMap(maxWholeSessions + 1);
    expect(await acknowledged(client, more)).toEqual(own(more));
  });

  it('[RELAY-52] is below 1 kB with 4,000 sessions', { timeout: 60_000 }, async () => {
    const client = await openRawClient(relay.url);
    const map = await storeMap(4_000);
    const answer = await acknowledged(client, map);
    expect(answer).toEqual(own(map));
    expect(JSON.stringify(answer).length).toBeLessThan(1_000);
    expect(JSON.stringify(whole(map)).length).toBeGreaterThan(200_000);
  });

  it('is not marked if the content has all sessions', async () => {
    const map = createSharedMap(await createClientNode());
    const client = await openRawClient(relay.url);
    client.send({ ...kernel, cutAcks: true });
    for (const content of contentsOf(map)) client.send(content);
    await until(() => statesIn(client, map).length > 0);
    expect(statesIn(client, map)).toEqual([whole(map)]);
  });

  it('is whole once after the client has said what it has, because it was not told what of it the relay has', async () => {
    const map = await storeMap(3);
    const client = await openRawClient(relay.url);
    client.send({ ...kernel, cutAcks: true });
    const { sessions, ...state } = map.core.knownState();
    const [, ...rest] = Object.entries(sessions);
    client.send({ action: 'load', ...state, sessions: Object.fromEntries(rest) });
    await client.waitFor({ action: 'content', id: map.id });
    expect(statesIn(client, map)).toEqual([]);
    expect(await acknowledged(client, map)).toEqual(whole(map));
    expect(await acknowledged(client, map)).toEqual(own(map));
  });
});

describe('what is not an acknowledgement of content stays whole', () => {
  it('[RELAY-52] the answer to a load, and a correction', async () => {
    const map = await storeMap(3);
    const client = await openRawClient(relay.url);
    client.send({ ...kernel, cutAcks: true });
    client.send({ action: 'load', ...map.core.knownState() });
    await until(() => statesIn(client, map).length === 1);
    expect(statesIn(client, map)).toEqual([whole(map)]);
    const stored = map.core.knownState();
    edit(map);
    expect(await acknowledged(client, map, edit(map))).toEqual({
      ...stored,
      action: 'known',
      isCorrection: true,
    });
  });

  it('an acknowledgement of a CoValue that is deleted', async () => {
    const map = await storeMap(3);
    const client = await openRawClient(relay.url);
    client.send({ ...kernel, cutAcks: true });
    client.send({ action: 'load', ...map.core.knownState() });
    await until(() => statesIn(client, map).length === 1);
    const before = map.core.knownState();
    map.core.deleteCoValue();
    const [deletion] = map.core.newContentSince(before) ?? [];
    const answer = await acknowledged(client, map, deletion);
    expect(answer).not.toHaveProperty('partial');
    expect(answer?.sessions).toMatchObject(before.sessions);
  });

  it('an acknowledgement of a CoValue of which something was refused', async () => {
    const map = await storeMap(3);
    const client = await openRawClient(relay.url);
    client.send({ ...kernel, cutAcks: true });
    expect(await acknowledged(client, map)).toEqual(own(map));
    const fork = edit(map);
    const stored = map.core.knownState();
    expect(await acknowledged(client, map, fork)).toEqual(own(map));
    // Another client's transaction at the same position.
    for (const session of Object.values(fork.new))
      session.newTransactions = session.newTransactions.map((one) => ({ ...one, madeAt: one.madeAt + 1 }));
    client.send(fork);
    await client.waitFor({ maia: 'refused', code: 'fork', id: map.id });
    writeSessions(map, 1);
    const [news] = map.core.newContentSince(stored) ?? [];
    const limited = { ...map.core.knownState().sessions, [map.core.node.currentSessionID]: 0 };
    expect(await acknowledged(client, map, news)).toEqual({ ...whole(map), sessions: limited });
  });
});
