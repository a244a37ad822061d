import { LocalNode } from 'cojson';
import { describe, expect, it } from 'vitest';
import { prove } from '../../../test/support/auth/prove.ts';
import { openDevice } from '../../../test/support/auth/asked-devices.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createClientNode, createStockClient, crypto } from '../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { createSharedMap, loadMap } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const reason = 'Court order 7';
const load = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const notFound = (id: string) => ({ action: 'known', id, header: false, sessions: {} });
const absent = `co_z${'2'.repeat(43)}`;

/** Everything that a client with the ID alone gets, until it is answered or, when the CoValue is put back, disconnected. */
async function ask(url: string, id: string): Promise<string> {
  const client = await openRawClient(url);
  client.send(load(id));
  client.send({ maia: 'inspect', ask: 1, id });
  const answered = [
    { id, action: expect.any(String) as string },
    { maia: 'inspected', id },
  ];
  await until(() => {
    if (client.closeCode !== undefined) return;
    for (const answer of answered) expect(client.received).toContainEqual(expect.objectContaining(answer));
  });
  client.socket.terminate();
  const [, ...answers] = client.received.map((message) => JSON.stringify(message));
  return answers.sort().join('\n').replaceAll(id, 'ID');
}

describe('[RELAY-62] a CoValue that is taken down', () => {
  it('is served like one that is not there, and served again once it is put back', async () => {
    const { relay, act } = await startAdministeredRelay({ inspect: true });
    const map = createSharedMap(await createStockClient(relay.url));
    await until(async () => expect(await ask(relay.url, map.id)).toContain('"action":"content"'));
    await act('take-down', { id: map.id, reason });
    expect(await ask(relay.url, map.id)).toBe(await ask(relay.url, absent));
    const asking = await openRawClient(relay.url);
    asking.send(load(map.id));
    await asking.waitFor(notFound(map.id));
    await act('put-back', { id: map.id });
    await asking.waitFor({ maia: 'refused', code: 'storage', closing: true });
    expect(await ask(relay.url, map.id)).toContain('"action":"content"');
  });

  it('is taken from nobody, pushed to nobody, and compared with nobody', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { node, sync } = await openDevice(relay.url);
    const map = createSharedMap(node);
    const other = map.group.createMap();
    await sync.whenConfirmed();
    const bob = await createStockClient(relay.url);
    const [bobs, bobsOther] = [await loadMap(bob, map), await loadMap(bob, other)];
    await act('take-down', { id: map.id, reason });
    map.set('word', 'hidden', 'trusting');
    other.set('word', 'shown', 'trusting');
    await until(() => expect(bobsOther.get('word')).toBe('shown'));
    expect(bobs.get('word')).toBe('first');
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_REFUSED' }));
    expect(sync.current.confirmed).toMatchObject({ pending: 1, error: { details: { id: map.id } } });
    const raw = await openRawClient(relay.url);
    raw.send({ action: 'reconcile', id: 'batch', values: [[map.id, 'hash']] });
    await raw.waitFor({ action: 'reconcile-ack', id: 'batch' });
    raw.send({ action: 'known', id: map.id, header: true, sessions: {}, isCorrection: true });
    raw.send({ maia: 'echo', t: 1 });
    await raw.waitFor({ maia: 'echoed' });
    expect(raw.received.filter((message) => 'id' in message && message.id === map.id)).toEqual([]);

    await act('put-back', { id: map.id });
    await sync.whenConfirmed();
    await until(() => expect(bobs.get('word')).toBe('hidden'));
  });

  it('stays unconfirmed on devices that have it, which send everything else', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { node, sync } = await openDevice(relay.url);
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    await act('take-down', { id: map.id, reason });
    sync.pause();
    const other = map.group.createMap();
    other.set('word', 'new', 'trusting');
    sync.resume();
    const carol = await createStockClient(relay.url);
    const carols = await loadMap(carol, other);
    await until(() => expect(carols.get('word')).toBe('new'));
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ details: { id: map.id } }));
    await until(() => expect(sync.current.confirmed).toMatchObject({ known: true, pending: 1 }));
    expect(sync.current.peers[0]?.phase).toBe('connected');
  });
});

it('[RELAY-62] a CoValue that is taken down is hidden from who looks up the entry of a passkey', async () => {
  const { relay, act } = await startAdministeredRelay({ auth: { account: true } });
  const secret = crypto.newRandomAgentSecret();
  const agent = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const { core, id } = agent.createGroup();
  const someone = await openRawClient(relay.url);
  someone.send(prove(crypto.newRandomAgentSecret(), { url: relay.url, received: someone.received }));
  await someone.waitFor({ maia: 'welcome' });
  for (const piece of core.newContentSince() ?? []) someone.send(piece);
  await someone.waitFor({ action: 'known', id, header: true });
  await act('take-down', { id, reason });
  const device = await openRawClient(relay.url);
  device.send(prove(secret, { url: relay.url, received: device.received }, { scope: 'lookup' }));
  await device.waitFor({ maia: 'welcome', principal: 'lookup' });
  device.send(load(id));
  await device.waitFor(notFound(id));
  // It is no user.
  expect(await act('principals')).toMatchObject({ principals: [{ kind: 'account' }], notSignedIn: 1 });
});

it('[RELAY-62] what is taken down is hidden in each namespace, also in one that is opened later', async () => {
  const { relay, act } = await startAdministeredRelay({ appIDs: ['notes', 'chess'] });
  const node = await createClientNode();
  const { core, group, id } = createSharedMap(node);
  const pieces = [node.expectCurrentAccount('a device has one').core, group.core, core].flatMap(
    (coValue) => coValue.newContentSince() ?? [],
  );
  const writer = await openRawClient(relay.url, '/sync/notes');
  for (const piece of pieces) writer.send(piece);
  await writer.waitFor({ action: 'known', id, header: true });
  await act('take-down', { id, reason });
  const reader = await openRawClient(relay.url, '/sync/notes');
  reader.send(load(id));
  await reader.waitFor(notFound(id));
  const elsewhere = await openRawClient(relay.url, '/sync/chess');
  // Without what it depends on.
  for (const piece of core.newContentSince() ?? []) elsewhere.send(piece);
  await elsewhere.waitFor({ maia: 'refused', code: 'forbidden', id });
  expect(elsewhere.received.map(({ action }) => action)).not.toContain('load');
});

describePostgres('two relays on one PostgreSQL', () => {
  it('[RELAY-62] hide what one of them takes down, also if they have not loaded it', async () => {
    const storage = await createPostgres();
    const one = await startAdministeredRelay({ storage, inspect: true });
    const two = await startAdministeredRelay({ storage, inspect: true });
    const map = createSharedMap(await createStockClient(one.relay.url));
    await until(async () => expect(await ask(two.relay.url, map.id)).toContain('"action":"content"'));
    await one.act('take-down', { id: map.id, reason });
    await until(async () => expect(await two.act('takedowns')).toMatchObject({ takedowns: [{ reason }] }));
    expect(await ask(two.relay.url, map.id)).toBe(await ask(two.relay.url, absent));
    await one.act('put-back', { id: map.id });
    await until(async () => expect(await ask(two.relay.url, map.id)).toContain('"action":"content"'));
  });
});
