import type { LocalNode } from 'cojson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import {
  accountOf,
  changesOf,
  pullAll,
  push,
  pushBody,
} from '../../../test/support/relay/stateless-client.ts';
import { createWriter } from '../../../test/support/relay/stateless-writer.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import type { Relay } from '../index.ts';

// PostgreSQL refuses a zero character in any text, and has no half of a surrogate pair.
const noIDs = ['co_zx\u0000y', 'parent_co_zx\u0000y', 'parent_co_zx\ud800', 'parent_hello', 'co_z'];

/** A group whose admin writes what the kernel never does. */
function groupNaming(node: LocalNode, key: string) {
  const group = node.createGroup();
  group.core.makeTransaction([{ op: 'set', key, value: 'extend' }], 'trusting');
  return group;
}

function describeText(open: () => Promise<string>) {
  let relay: Relay;
  const warnings: string[] = [];
  beforeAll(async () => {
    const warn = (text: string) => void warnings.push(text);
    relay = await openRelay({
      storage: await open(),
      logger: { debug() {}, warn },
    });
  });
  afterAll(() => relay.close());

  it.each(noIDs)(
    '[RELAY-17] [RELAY-23] a push with %j is refused, and another one beside it stored',
    async (key) => {
      const node = await createClientNode();
      const group = groupNaming(node, key);
      const other = await createWriter();
      const [refused, stored] = await Promise.all([
        push(relay.url, changesOf(node, accountOf(node), group)),
        push(relay.url, other.all()),
      ]);
      expect(refused).toMatchObject({ status: 400, body: { error: { code: 'invalid' }, ids: [group.id] } });
      expect(stored.status).toBe(200);
    },
  );

  it.each(noIDs)('[RELAY-17] [RELAY-23] a client that sends %j loses that session alone', async (key) => {
    const node = await createClientNode();
    const group = groupNaming(node, key);
    const map = node.createGroup().createMap({ word: 'kept' });
    const client = await openRawClient(relay.url);
    for (const piece of changesOf(node, accountOf(node), group, map.group, map)) client.send(piece);
    const sessionID = node.currentSessionID;
    await client.waitFor({ maia: 'refused', code: 'invalid', id: group.id, sessionID, closing: false });
    await client.waitFor({ action: 'known', id: map.id, sessions: { [sessionID]: 1 } });
    const { changes } = await pullAll(relay.url, [map]);
    expect(changes.map(({ id }) => id)).toEqual([accountOf(node).id, map.group.id, map.id]);
    expect(client.closeCode).toBeUndefined();
    expect(client.received).not.toContainEqual(expect.objectContaining({ action: 'load' }));
    expect(warnings).toEqual([]);
  });

  it('[RELAY-17] any other text of clients and operators is stored as it is', async () => {
    const odd = 'a\u0000b\ud800';
    const node = await createClientNode();
    const group = node.createGroup();
    const core = node.createCoValue({
      ...{ type: 'comap', ruleset: { type: 'ownedByGroup', group: group.id }, meta: { zero: '\u0000' } },
      ...node.crypto.createdNowUnique(),
    });
    core.makeTransaction([{ op: 'set', key: odd, value: odd }], 'trusting', { odd });
    const changes = changesOf(node, accountOf(node), group, core);
    const body = { clientId: odd, changes };
    expect(await pushBody(relay.url, JSON.stringify(body))).toMatchObject({ status: 200 });
    expect((await pullAll(relay.url, [core])).changes).toEqual(changes);
    const user = JSON.stringify(['https://id.example.org', odd]);
    await relay.block(user, odd);
    await relay.unblock(user);
    expect(warnings).toEqual([]);
  });
}

describe('text that a database may not take', () => {
  describe('PGlite', () => describeText(async () => `pglite:${await createStorage()}`));
  describePostgres('PostgreSQL', () => describeText(createPostgres));
});
