import { expect, it } from 'vitest';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';

/** A relay that waits for the place of each digest, or cannot read it. What the client writes is older than the relay. */
async function setUp() {
  const node = await createClientNode();
  const map = createSharedMap(node);
  const waiting: (() => void)[] = [];
  let isOpen = false;
  let isFailing = false;
  let reads = 0;
  const relay = await startRelay({ storage: 'memory:' }, (database) => ({
    ...database,
    async query(sql, parameters) {
      if (sql.includes('from relay.beginnings')) {
        reads++;
        if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
        if (isFailing) throw new Error('The database does not answer.');
      }
      return database.query(sql, parameters);
    },
  }));
  const ids = [node.expectCurrentAccountID('test'), map.group.id, map.id];
  return {
    ...{ relay, node, map },
    upload(client: RawClient) {
      for (const id of ids)
        for (const piece of node.getCoValue(id).newContentSince(undefined) ?? []) client.send(piece);
    },
    open(fails = false) {
      isOpen = true;
      isFailing = fails;
      for (const resolve of waiting.splice(0)) resolve();
    },
    reads: () => reads,
  };
}

/** The relay answers in order, so it has handled everything before this echo. */
async function echo(client: RawClient, t: number): Promise<void> {
  client.send({ maia: 'echo', t });
  await client.waitFor({ maia: 'echoed', t });
}

const messages = ({ received }: RawClient) => received.filter(({ maia }) => maia === undefined);

it('[RELAY-27] a load after content that waits for the database is answered after it', async () => {
  const { relay, node, map, upload, open } = await setUp();
  const client = await openRawClient(relay.url);
  upload(client);
  client.send({ action: 'load', ...map.core.knownState() });
  client.send({ action: 'load', id: map.id, header: false, sessions: {} });
  client.send({ action: 'reconcile', id: 'batch', values: [[map.id, node.crypto.shortHash({})]] });
  await echo(client, 1);
  expect(messages(client)).toEqual([]);
  // Content of others, and of other CoValues, goes on.
  const other = await openRawClient(relay.url);
  const writer = await createClientNode();
  const theirs = createSharedMap(writer);
  for (const id of [writer.expectCurrentAccountID('test'), theirs.group.id, theirs.id])
    for (const to of [other, client])
      for (const piece of writer.getCoValue(id).newContentSince(undefined) ?? []) to.send(piece);
  for (const to of [other, client]) await to.waitFor({ action: 'known', ...theirs.core.knownState() });
  expect(messages(client)).not.toContainEqual(expect.objectContaining({ id: map.id }));
  open();
  await client.waitFor({ action: 'known', ...map.core.knownState() });
  expect(messages(client)).not.toContainEqual(expect.objectContaining({ header: false }));
});

it('[RELAY-27] what waits of a client that disconnects is taken when it comes again', async () => {
  const { relay, map, upload, open } = await setUp();
  const client = await openRawClient(relay.url);
  upload(client);
  await echo(client, 1);
  client.socket.terminate();
  const again = await openRawClient(relay.url);
  upload(again);
  open();
  await again.waitFor({ action: 'known', ...map.core.knownState() });
});

it('[RELAY-27] content whose beginning cannot be read is acknowledged only once it can', async () => {
  const { relay, map, upload, open, reads } = await setUp();
  const client = await openRawClient(relay.url);
  upload(client);
  open(true);
  await expect.poll(reads).toBeGreaterThan(2);
  await echo(client, 1);
  expect(messages(client)).toEqual([]);
  open();
  await client.waitFor({ action: 'known', ...map.core.knownState() });
});

it('[RELAY-26] content that is new since the relay began waits for no read', async () => {
  const { relay, reads } = await setUp();
  const writer = await createClientNode();
  const map = createSharedMap(writer);
  const client = await openRawClient(relay.url);
  for (const id of [writer.expectCurrentAccountID('test'), map.group.id, map.id])
    for (const piece of writer.getCoValue(id).newContentSince(undefined) ?? []) client.send(piece);
  await client.waitFor({ action: 'known', ...map.core.knownState() });
  expect(reads()).toBe(0);
});
