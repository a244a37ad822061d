import { describe, expect, it } from 'vitest';
import type { LocalNode, RawCoMap } from 'cojson';
import {
  accountOf,
  changesBy,
  changesOf,
  pull,
  push,
  pushBody,
  type StatelessAnswer,
} from '../../test/support/relay/stateless-client.ts';
import { askForSelf } from '../../test/support/relay/erasure-requests.ts';
import { accountAt, give } from '../../test/support/relay/given-content.ts';
import { createClientNode } from '../../test/support/relay/stock-client.ts';
import { createSharedMap, startRelay } from '../../test/support/relay/test-relay.ts';
import { sessionsOf, type Content, type SessionID } from '../engine/content.ts';
import type { OwedContent, Run } from '../storage/owed-content.ts';
import type { Answer } from './post-push.ts';
import { pushOwed } from './push-owed.ts';

/** What a device has stored of a node's values, each edit under a signature of its own. */
function openDevice(node: LocalNode) {
  const stored = new Map<string, { content: Content; runs: Map<SessionID, Run[]> }>();

  function store(changes: readonly Content[]): void {
    for (const content of changes) {
      const { runs } = stored.get(content.id) ?? { runs: new Map<SessionID, Run[]>() };
      stored.set(content.id, { content: stored.get(content.id)?.content ?? content, runs });
      for (const [sessionID, { after, newTransactions: transactions, lastSignature }] of sessionsOf(
        content,
      )) {
        const run = { sessionID, after, transactions, signature: lastSignature };
        runs.set(sessionID, [...(runs.get(sessionID) ?? []), run]);
      }
    }
  }

  return {
    store,
    edit: (map: RawCoMap, key: string) => store(changesBy(node, map, () => map.set(key, key))),
    /** `confirmed`: by session, for CoValues whose header the relay has. */
    owed(id: string, confirmed?: Readonly<Record<string, number>>): OwedContent {
      const { content, runs } = stored.get(id) ?? {};
      if (!content?.header || !runs) throw new Error('It is not stored.');
      const sessions = [...runs].map(([sessionID, its]) => ({
        sessionID,
        confirmed: confirmed?.[sessionID] ?? 0,
        runs: its,
      }));
      return { id: content.id, sessions, ...(!confirmed && { header: content.header }) };
    },
  };
}

async function openPlace() {
  const relay = await startRelay({ storage: 'memory:' });
  const node = await createClientNode();
  const map = createSharedMap(node);
  const device = openDevice(node);
  const answers: StatelessAnswer[] = [];
  const asked: (readonly Content[])[] = [];
  const account = changesOf(node, accountOf(node));
  device.store([...account, ...changesOf(node, map.group, map)]);
  const ids = [accountOf(node).id, map.group.id, map.id];
  return {
    relay,
    node,
    map,
    device,
    asked,
    statuses: () => answers.map(({ status }) => status),
    all: () => ids.map((id) => device.owed(id)),
    async post(changes: readonly Content[]): Promise<Answer> {
      asked.push(changes);
      const answer = await pushBody(relay.url, JSON.stringify({ changes }));
      answers.push(answer);
      return answer;
    },
    mayPush: () => Promise.resolve(true),
    async atRelay(id: string): Promise<number> {
      const { serverChanges } = (await pull(relay.url, [id])).body as { serverChanges: Content[] };
      return serverChanges
        .filter((change) => change.id === id)
        .flatMap(sessionsOf)
        .reduce((most, [, { after, newTransactions }]) => Math.max(most, after + newTransactions.length), 0);
    },
  };
}

const done = { mayGoOn: true, waiting: [] };
const stopped = { mayGoOn: false, waiting: [] };

describe('what is owed', () => {
  it('[DELIV-2] is pushed whole if it is new, dependencies first, in pushes of bounded size', async () => {
    const place = await openPlace();
    for (let count = 0; count < 3; count++) place.device.edit(place.map, `key ${count}`);
    expect(await pushOwed(place.all(), place)).toEqual(done);
    expect(place.statuses()).toEqual([200]);
    expect(await place.atRelay(place.map.id)).toBe(4);

    for (let count = 0; count < 6; count++)
      place.device.store(
        changesBy(place.node, place.map, () => place.map.set(`long ${count}`, 'x'.repeat(700_000))),
      );
    place.asked.length = 0;
    expect(
      await pushOwed([place.device.owed(place.map.id, { [place.node.currentSessionID]: 4 })], place),
    ).toEqual(done);
    expect(await place.atRelay(place.map.id)).toBe(10);
    for (const some of place.asked) expect(JSON.stringify(some).length).toBeLessThan(4_100_000);
  });

  it('[DELIV-2] is pushed from where the relay is, which the ledger need not know', async () => {
    const place = await openPlace();
    for (let count = 0; count < 3; count++) place.device.edit(place.map, `key ${count}`);
    await pushOwed(place.all(), place);
    for (let count = 3; count < 6; count++) place.device.edit(place.map, `key ${count}`);
    place.asked.length = 0;
    expect(await pushOwed([place.device.owed(place.map.id, {})], place)).toEqual(done);
    expect(place.statuses()).toEqual([200, 409, 200]);
    const [, again] = place.asked;
    expect(again?.flatMap(sessionsOf).map(([, { after }]) => after)).toEqual([4, 5, 6]);
    expect(await place.atRelay(place.map.id)).toBe(7);
  });

  it('[DELIV-2] is not pushed to a relay that lacks what it had confirmed', async () => {
    const place = await openPlace();
    for (let count = 0; count < 3; count++) place.device.edit(place.map, `key ${count}`);
    await pushOwed(place.all(), place);
    for (let count = 3; count < 6; count++) place.device.edit(place.map, `key ${count}`);
    const lost = place.device.owed(place.map.id, { [place.node.currentSessionID]: 5 });
    expect(await pushOwed([lost], place)).toEqual(stopped);
    expect(await place.atRelay(place.map.id)).toBe(4);

    // It had confirmed the header of a CoValue, too.
    const other = createSharedMap(place.node);
    place.device.store(changesOf(place.node, other.group, other));
    place.device.edit(other, 'key');
    expect(
      await pushOwed([place.device.owed(other.id, {}), place.device.owed(place.map.id, {})], place),
    ).toEqual(stopped);
    expect(place.statuses().at(-1)).toBe(422);
    expect(await place.atRelay(place.map.id)).toBe(4);
  });

  it('[DELIV-6] is left out if the relay refuses it, and holds up nothing else', async () => {
    const place = await openPlace();
    await pushOwed(place.all(), place);
    const other = createSharedMap(place.node);
    place.device.store(changesOf(place.node, other.group, other));
    await pushOwed([place.device.owed(other.group.id), place.device.owed(other.id)], place);
    const [forged] = changesBy(place.node, place.map, () => place.map.set('one', 1));
    const session = forged?.new[place.node.currentSessionID];
    if (!forged || !session) throw new Error('The edit has no content.');
    session.newTransactions = session.newTransactions.map((one) => ({ ...one, madeAt: 1 }));
    place.device.store([forged]);
    place.device.edit(other, 'two');
    const owed = [place.device.owed(place.map.id, {}), place.device.owed(other.id, {})];
    expect(await pushOwed(owed, place)).toEqual(done);
    expect(await place.atRelay(place.map.id)).toBe(1);
    expect(await place.atRelay(other.id)).toBe(2);
  });

  it('[DELIV-6] is left out if an erased account wrote it, and holds up nothing of the same CoValue', async () => {
    const { node: bob, map, ...place } = await openPlace();
    const alice = await createClientNode();
    const alices = accountAt(bob, alice);
    map.group.addMember(alices, 'writer');
    await push(place.relay.url, changesOf(alice, accountOf(alice)));
    await push(place.relay.url, changesOf(bob, accountOf(bob), map.group, map));
    expect((await askForSelf(place.relay.url, alice, 'erase')).status).toBe(200);
    give(bob, alice, accountOf(bob), map.group, map);
    ((await alice.load(map.id)) as RawCoMap).set('word', 'alices');
    give(alice, bob, map);
    map.set('word', 'bobs');
    place.device.store(changesOf(bob, alices, map));
    expect(
      await pushOwed(
        [alices.id, map.id].map((id) => place.device.owed(id)),
        place,
      ),
    ).toEqual(done);
    expect(place.statuses()).toEqual([403, 403, 200]);
    expect(await place.atRelay(map.id)).toBe(2);
  });

  it('[DELIV-6] is left out if a copy of the browser profile has written something else in its place', async () => {
    const place = await openPlace();
    await pushOwed(place.all(), place);
    const other = createSharedMap(place.node);
    place.device.store(changesOf(place.node, other.group, other));
    place.device.edit(place.map, 'two');
    const owed = [
      place.device.owed(place.map.id, {}),
      place.device.owed(other.group.id),
      place.device.owed(other.id),
    ];
    const { id } = place.map;
    const fork = { id, sessionID: place.node.currentSessionID, have: 2, after: 1, why: 'fork' };
    const post = async (changes: readonly Content[]): Promise<Answer> =>
      changes.some((change) => change.id === id)
        ? { status: 409, body: { conflicts: [fork] } }
        : place.post(changes);
    expect(await pushOwed(owed, { ...place, post })).toEqual(done);
    expect(await place.atRelay(other.id)).toBe(1);
    expect(await place.atRelay(id)).toBe(1);
    // One whose answers contradict each other is not asked without end.
    let count = 0;
    for (const wrong of [
      { ...fork, why: 'gap', have: 0 },
      { ...fork, id: 'co_zAnother' },
    ]) {
      const always = () => {
        if (++count > 100) throw new Error('It is asked without end.');
        return Promise.resolve({ status: 409, body: { conflicts: [wrong] } });
      };
      expect(await pushOwed(owed, { ...place, post: always })).toEqual(stopped);
    }
  });

  it('[DELIV-6] waits if it depends on what the relay lacks, and holds up nothing else', async () => {
    const place = await openPlace();
    const other = createSharedMap(place.node);
    place.device.store(changesOf(place.node, other.group, other));
    const parent = place.node.createGroup();
    place.device.store(changesBy(place.node, place.map.group, () => place.map.group.extend(parent)));
    const owed = [...place.all(), place.device.owed(other.group.id), place.device.owed(other.id)];
    const waiting = [place.map.group.id, place.map.id];
    expect(await pushOwed(owed, place)).toEqual({ mayGoOn: true, waiting });
    expect(place.statuses()).toEqual([422, 422, 200]);
    expect(await place.atRelay(other.id)).toBe(1);
    place.device.store(changesOf(place.node, parent));
    const rest = [parent.id, ...waiting].map((id) => place.device.owed(id));
    expect(await pushOwed(rest, place)).toEqual(done);
    expect(await place.atRelay(place.map.id)).toBe(1);
  });

  it('[DELIV-3] is not pushed once a tab has come', async () => {
    const place = await openPlace();
    expect(await pushOwed(place.all(), { post: place.post, mayPush: () => Promise.resolve(false) })).toEqual(
      stopped,
    );
    expect(place.asked).toEqual([]);
  });

  it('[DELIV-6] is pushed in smaller parts if the relay takes no more at once', async () => {
    const place = await openPlace();
    for (let count = 0; count < 4; count++) place.device.edit(place.map, `key ${count}`);
    const sizes: number[] = [];
    const post = async (changes: readonly Content[]): Promise<Answer> => {
      sizes.push(changes.length);
      return changes.length > 3 ? { status: 413, body: {} } : place.post(changes);
    };
    expect(await pushOwed(place.all(), { ...place, post })).toEqual(done);
    expect(sizes[0]).toBeGreaterThan(3);
    expect(await place.atRelay(place.map.id)).toBe(5);
    const never = () => Promise.resolve({ status: 413, body: {} });
    expect(await pushOwed(place.all(), { ...place, post: never })).toEqual(done);
  });

  it('[DELIV-6] is left out if the relay has no room for it, and holds up nothing smaller', async () => {
    const place = await openPlace();
    await pushOwed(place.all(), place);
    place.device.store(changesBy(place.node, place.map, () => place.map.set('long', 'x'.repeat(100_000))));
    const other = createSharedMap(place.node);
    place.device.store(changesOf(place.node, other.group, other));
    const owed = [
      place.device.owed(place.map.id, { [place.node.currentSessionID]: 1 }),
      place.device.owed(other.group.id),
      place.device.owed(other.id),
    ];
    const sizes: number[] = [];
    const post = (changes: readonly Content[]): Promise<Answer> => {
      sizes.push(JSON.stringify(changes).length);
      const hasRoom = (sizes.at(-1) ?? 0) < 100_000;
      return hasRoom ? place.post(changes) : Promise.resolve({ status: 429, body: {} });
    };
    expect(await pushOwed(owed, { ...place, post })).toEqual(done);
    expect(await place.atRelay(other.id)).toBe(1);
    expect(await place.atRelay(place.map.id)).toBe(1);
    // Together with others, and alone.
    expect(sizes.filter((size) => size > 100_000)).toHaveLength(2);
  });
});
