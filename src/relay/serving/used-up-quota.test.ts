import type { LocalNode } from 'cojson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, readElsewhere } from '../../../test/support/auth/asked-devices.ts';
import { openSignedInClient } from '../../../test/support/auth/signed-in-client.ts';
import {
  openAdministeredRelay,
  type AdministeredRelay,
} from '../../../test/support/relay/administered-relay.ts';
import { accountOf, changesBy, changesOf, pull, push } from '../../../test/support/relay/stateless-client.ts';
import { exchange, nonceOf, withToken } from '../../../test/support/relay/stateless-sign-in.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const idOf = (node: LocalNode) => node.expectCurrentAccountID('test');
const long = 'x'.repeat(10_000);
const usual = { bytes: 40_000, coValues: 12 };

interface Used {
  readonly usedBytes: number;
  readonly usedCoValues: number;
}

let administered: AdministeredRelay;
beforeAll(async () => {
  administered = await openAdministeredRelay({
    ...{ auth: { account: true }, appIDs: ['notes'], quota: usual },
  });
});
afterAll(() => administered.relay.close());

async function usedBy(node: LocalNode, app?: string): Promise<Used> {
  const answer = await administered.act('quotas', app === undefined ? {} : { app });
  const row = (answer['usage'] as readonly (Used & { readonly id: string })[]).find(
    ({ id }) => id === idOf(node),
  );
  return { usedBytes: row?.usedBytes ?? 0, usedCoValues: row?.usedCoValues ?? 0 };
}

const setQuota = (node: LocalNode, quota: object) => administered.act('quota', { id: idOf(node), ...quota });

describe('[RELAY-85] a relay with quotas', () => {
  it('refuses content beyond the bytes of its sender, serves all that it has, and takes the rest once there is room', async () => {
    const { relay } = administered;
    const { node, sync } = await openDevice(relay.url, 'account');
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    for (const key of ['a', 'b', 'c']) {
      map.set(key, long, 'trusting');
      await sync.whenConfirmed();
    }
    for (const key of ['d', 'e']) map.set(key, long, 'trusting');
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_QUOTA' }));
    expect(sync.current.confirmed.error).toMatchObject({ details: { refusal: 'quota', id: map.id } });
    expect(sync.current.peers[0]?.phase).toBe('connected');
    const { usedBytes } = await usedBy(node);
    expect(usedBytes).toBeGreaterThan(30_000);
    expect(usedBytes).toBeLessThanOrEqual(usual.bytes);

    const other = await readElsewhere(relay.url, 'account', map);
    expect(other.get('c')).toBe(long);
    expect(other.get('e')).toBeUndefined();
    // Less than what was used has no effect on what is stored, and lets nothing in.
    expect(await setQuota(node, { bytes: 10 })).toMatchObject({ quota: { bytes: 10 }, usedBytes });
    expect(sync.current.confirmed.pending).toBeGreaterThan(0);
    await setQuota(node, { bytes: 100_000 });
    await sync.whenConfirmed();
    await until(() => expect(other.get('e')).toBe(long));
  });

  it('refuses new CoValues beyond the number of its sender, and takes edits of the others', async () => {
    const { relay } = administered;
    const { node, sync } = await openDevice(relay.url, 'account');
    await setQuota(node, { coValues: 6 });
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    expect((await usedBy(node)).usedCoValues).toBe(5);
    const [last, more] = [map.group.createMap({ a: 1 }), map.group.createMap({ a: 1 })];
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_QUOTA' }));
    map.set('word', 'second', 'trusting');
    more.set('a', 2, 'trusting');
    const other = await readElsewhere(relay.url, 'account', map);
    await until(() => expect(other.get('word')).toBe('second'));
    expect((await other.core.node.load(last.id)) !== 'unavailable').toBe(true);
    expect(await usedBy(node)).toMatchObject({ usedCoValues: 6 });
    expect(sync.current.confirmed.error).toMatchObject({ details: { id: more.id } });
    await setQuota(node, { coValues: 7 });
    await sync.whenConfirmed();
  });

  it('takes deletions of what is stored without room, but nothing that only looks like one', async () => {
    const { relay } = administered;
    const node = await createClientNode();
    const map = createSharedMap(node);
    const client = await openSignedInClient(relay.url, node);
    client.sendContent(changesOf(node, accountOf(node), map.group, map));
    await client.waitFor({ action: 'known', id: map.id, header: true });
    await setQuota(node, { bytes: 0, coValues: 0 });
    const { usedBytes } = await usedBy(node);
    client.sendContent(changesBy(node, map, () => map.set('word', 'no', 'trusting')));
    await client.waitFor({ maia: 'refused', code: 'quota', id: map.id, closing: false });
    const created = map.group.createMap({ a: 1 });
    const deletedAtOnce = changesOf(node, created);
    created.core.deleteCoValue();
    client.sendContent([...deletedAtOnce, ...changesOf(node, created)]);
    await client.waitFor({ maia: 'refused', code: 'quota', id: created.id });

    const deletion = changesBy(node, map, () => map.core.deleteCoValue());
    const [[sessionID, session]] = Object.entries(deletion[0]?.new ?? {}) as [[string, object]];
    const stuffed = { ...deletion[0], new: { [sessionID]: structuredClone(session) } };
    const { newTransactions } = stuffed.new[sessionID] as unknown as {
      newTransactions: { changes: string }[];
    };
    for (const transaction of newTransactions) transaction.changes = JSON.stringify([long]);
    client.send(stuffed);
    await until(() =>
      expect(client.received.filter((one) => one['code'] === 'quota' && one['id'] === map.id)).toHaveLength(
        2,
      ),
    );
    expect(await usedBy(node)).toMatchObject({ usedBytes });
    const other = await openSignedInClient(relay.url, node);
    other.sendContent(deletion);
    await until(async () => expect((await usedBy(node)).usedBytes).toBeGreaterThan(usedBytes));
    expect((await usedBy(node)).usedBytes).toBeLessThan(usedBytes + 1_000);
  });

  it('takes it without room that a member leaves a group, once', async () => {
    const { relay } = administered;
    const [owner, member] = [await createClientNode(), await createClientNode()];
    const group = owner.createGroup();
    group.addMember(member.expectCurrentAccount('test'), 'writer');
    const client = await openSignedInClient(relay.url, member);
    // The member carries the content of the owner, too, and pays for it.
    member.syncManager.handleNewContent(changesOf(owner, accountOf(owner))[0] as never, 'import');
    for (const piece of changesOf(owner, group)) member.syncManager.handleNewContent(piece, 'import');
    client.sendContent([...changesOf(owner, accountOf(owner)), ...changesOf(member, accountOf(member))]);
    client.sendContent(changesOf(owner, group));
    await client.waitFor({ action: 'known', id: group.id, header: true });
    expect((await usedBy(owner)).usedBytes).toBe(0);
    const before = await usedBy(member);
    expect(before.usedCoValues).toBeGreaterThanOrEqual(3);
    await setQuota(member, { bytes: 0 });
    const mine = await member.load(group.id);
    if (mine === 'unavailable') throw new Error('The group is unavailable.');
    const id = idOf(member);
    client.sendContent(changesBy(member, mine, () => mine.set(id, 'revoked', 'trusting')));
    await client.waitFor({
      action: 'known',
      id: group.id,
      sessions: expect.objectContaining({ [member.currentSessionID]: 1 }) as object,
    });
    client.sendContent(
      changesBy(member, mine, () =>
        mine.core.makeTransaction([{ op: 'set', key: id, value: 'revoked' }], 'trusting'),
      ),
    );
    await client.waitFor({ maia: 'refused', code: 'quota', id: group.id });
  });

  it('takes no byte more, however much a client sends at once', async () => {
    const { relay } = administered;
    const node = await createClientNode();
    const map = createSharedMap(node);
    const clients = await Promise.all([1, 2, 3].map(() => openSignedInClient(relay.url, node)));
    clients[0]?.sendContent(changesOf(node, accountOf(node), map.group, map));
    await clients[0]?.waitFor({ action: 'known', id: map.id, header: true });
    for (let count = 0; count < 30; count++)
      clients[count % 3]?.sendContent(
        changesOf(node, map.group.createMap({ count, long: long.slice(0, 3_000) })),
      );
    const refusals = () => clients.flatMap(({ received }) => received.filter(({ code }) => code === 'quota'));
    await until(async () => expect(refusals().length + (await usedBy(node)).usedCoValues).toBe(30 + 3));
    expect(refusals().length).toBeGreaterThan(15);
    const used = await usedBy(node);
    expect(used.usedBytes).toBeLessThanOrEqual(usual.bytes);
    expect(used.usedCoValues).toBeLessThanOrEqual(usual.coValues);
    const metrics = await (await fetch(`${relay.url}/metrics`)).text();
    expect(metrics).toMatch(/maia_relay_refused_total\{code="quota"\} \d\d/);
    expect(metrics).toMatch(/maia_relay_refused_sessions_total\{reason="quota"\} \d\d/);
    expect(metrics).not.toContain(idOf(node));
  });

  it('does not request a CoValue without room again, whatever comes of it', async () => {
    const { relay } = administered;
    const node = await createClientNode();
    const map = createSharedMap(node);
    const client = await openSignedInClient(relay.url, node);
    client.sendContent(changesOf(node, accountOf(node), map.group));
    await client.waitFor({ action: 'known', id: map.group.id, header: true });
    await setQuota(node, { coValues: 0 });
    client.sendContent(changesOf(node, map));
    await client.waitFor({ maia: 'refused', code: 'quota', id: map.id });
    client.sendContent(changesBy(node, map, () => map.set('word', 'second')));
    // Of this one, the relay has not seen the header, so it requests all of it.
    const other = map.group.createMap({ a: 1 });
    client.sendContent(changesBy(node, other, () => other.set('a', 2)));
    await client.waitFor({ action: 'known', id: other.id, isCorrection: true });
    expect(client.received.filter(({ id, maia }) => id === map.id && maia === undefined)).toEqual([]);
    expect(client.received.filter(({ id, maia }) => id === map.id && maia !== undefined)).toHaveLength(1);
    expect(client.closeCode).toBeUndefined();
  });

  it('keeps others’ content that a device brings and could not pass on, and gets it once there is room', async () => {
    const { relay } = administered;
    const author = await createClientNode();
    const { node, sync } = await openDevice(relay.url, 'account');
    await sync.whenConfirmed();
    await setQuota(node, { bytes: 10 });
    const map = createSharedMap(author);
    const dropped: unknown[] = [];
    sync.on('dropped', (event) => dropped.push(event));
    for (const piece of changesOf(author, accountOf(author), map.group, map))
      node.syncManager.handleNewContent(structuredClone(piece), 'import');
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_QUOTA' }));
    expect((await usedBy(author)).usedBytes).toBe(0);
    await setQuota(node, { bytes: 100_000 });
    await sync.whenConfirmed();
    expect(dropped).toEqual([]);
    expect((await readElsewhere(relay.url, 'account', map)).get('word')).toBe('first');
    expect(await usedBy(author)).toEqual({ usedBytes: 0, usedCoValues: 0 });
  });

  it('names the quota and what is used in its welcome, in each namespace for itself', async () => {
    const { relay } = administered;
    const node = await createClientNode();
    const first = await openSignedInClient(relay.url, node);
    expect(first.welcome['quota']).toEqual({ ...usual, usedBytes: 0, usedCoValues: 0 });
    first.sendContent(changesOf(node, accountOf(node)));
    await first.waitFor({ action: 'known', id: idOf(node), header: true });
    const used = await usedBy(node);
    expect(used.usedCoValues).toBe(1);
    expect((await openSignedInClient(relay.url, node)).welcome['quota']).toEqual({ ...usual, ...used });
    await administered.act('quota', { id: idOf(node), app: 'notes', coValues: 3 });
    const other = await openSignedInClient(relay.url, node, '/sync/notes');
    expect(other.welcome['quota']).toEqual({ coValues: 3, usedBytes: 0, usedCoValues: 0 });
    expect(await usedBy(node, 'notes')).toEqual({ usedBytes: 0, usedCoValues: 0 });
    const free = await startRelay({ storage: 'memory:', auth: { account: true } });
    expect((await openSignedInClient(free.url, node)).welcome).not.toHaveProperty('quota');
  });

  it('[RELAY-68] refuses a push without room as a whole, and takes it again once there is', async () => {
    const { relay } = administered;
    const node = await createClientNode();
    const map = createSharedMap(node);
    const token = withToken((await exchange(relay.url, node, await nonceOf(relay.url))).body.token);
    await setQuota(node, { coValues: 3 });
    const first = changesOf(node, accountOf(node), map.group);
    expect((await push(relay.url, first, token)).status).toBe(200);
    const others = changesOf(node, map, map.group.createMap({ a: 1 }));
    const refused = await push(relay.url, others, token);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'quota' } } });
    expect(refused.headers.get('retry-after')).toBeNull();
    expect((await pull(relay.url, [map], {}, token)).body).toMatchObject({ serverChanges: [] });
    // Content that the relay has costs nothing, also together with new content.
    expect(await usedBy(node)).toMatchObject({ usedCoValues: 2 });
    const again = await push(relay.url, [...first, ...changesOf(node, map)], token);
    expect(again.status).toBe(200);
    expect(await usedBy(node)).toMatchObject({ usedCoValues: 3 });
    await setQuota(node, { bytes: 0 });
    expect((await push(relay.url, [...first, ...changesOf(node, map)], token)).status).toBe(200);
    expect(
      (
        await push(
          relay.url,
          changesBy(node, map, () => map.set('a', 1)),
          token,
        )
      ).status,
    ).toBe(429);
    const before = await usedBy(node);
    // The edit that was refused is not part of it.
    const deletion = changesBy(node, map.group.createMap({}), () => {});
    expect(deletion).toEqual([]);
    expect(
      (
        await push(
          relay.url,
          changesBy(node, map, () => map.core.deleteCoValue()),
          token,
        )
      ).status,
    ).toBe(200);
    expect((await usedBy(node)).usedBytes).toBeLessThan(before.usedBytes + 1_000);
    await setQuota(node, { default: true });
    expect((await push(relay.url, others.slice(1), token)).status).toBe(200);
  });
});

it('[RELAY-85] a relay with quotas does not start unless clients sign in', async () => {
  await expect(startRelay({ storage: 'memory:', quota: { bytes: 1 } })).rejects.toMatchObject({
    ...{ code: 'RELAY_SETTING_INVALID', message: expect.stringContaining('QUOTA_BYTES') as string },
  });
  await expect(
    startRelay({ storage: 'memory:', auth: { account: true }, quota: { coValues: -1 } }),
  ).rejects.toMatchObject({ code: 'RELAY_SETTING_INVALID' });
});
