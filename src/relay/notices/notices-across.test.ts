import { expect, it } from 'vitest';
import { openNotices, watch } from '../../../test/support/relay/notice-client.ts';
import { changesOf, push, pushBody } from '../../../test/support/relay/stateless-client.ts';
import { exchange, nonceOf, withToken } from '../../../test/support/relay/stateless-sign-in.ts';
import { createWriter } from '../../../test/support/relay/stateless-writer.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { deafened, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { Content } from '../../engine/content.ts';

const pushAs = async (url: string, clientId: string, changes: readonly Content[]) => {
  expect((await pushBody(url, JSON.stringify({ clientId, changes }))).status).toBe(200);
};

describePostgres('two relays of a storage', () => {
  it('[RELAY-74] [RELAY-75] notify of what is pushed at the other one, but not of one’s own', async () => {
    const storage = await createPostgres();
    const [one, two] = [await startRelay({ storage }), await startRelay({ storage })];
    const writer = await createWriter();
    // Where it is watched, so that no notice of it comes later.
    await push(two.url, writer.all());
    const me = await watch(two.url, [writer.group], { clientId: 'me' });
    const you = await watch(two.url, [writer.group], { clientId: 'you' });
    for (let count = 1; count <= 3; count++) {
      await pushAs(one.url, 'me', writer.edit(`mine ${count}`));
      await until(() => expect(you.notices()).toHaveLength(count));
    }
    await pushAs(one.url, 'you', writer.edit('yours'));
    await until(() => expect(me.notices()).toEqual([[writer.group.id]]));
    expect(you.notices()).toHaveLength(3);
  });

  it('[RELAY-74] [RELAY-75] notify of what their notices to each other have lost, from the log', async () => {
    const storage = await createPostgres();
    let isDeaf = false;
    const [one, two] = [
      await startRelay({ storage }),
      await startRelay({ storage }, (database) => deafened(database, () => isDeaf)),
    ];
    const writer = await createWriter();
    // Where it is watched, so that no notice of it comes later.
    await push(two.url, writer.all());
    const me = await watch(two.url, [writer.group], { clientId: 'me' });
    const you = await watch(two.url, [writer.group], { clientId: 'you' });
    await pushAs(one.url, 'someone', writer.edit('heard'));
    await until(() => expect(you.notices().length).toBeGreaterThan(0));
    await until(() => expect(me.notices().length).toBeGreaterThan(0));
    const heard = you.notices().length;
    isDeaf = true;
    await pushAs(one.url, 'me', writer.edit('unheard'));
    isDeaf = false;
    // By its next beat at the latest. On a slow machine, a beat is late more often, and others' changes come twice.
    await until(() => expect(you.notices().length).toBeGreaterThan(heard));
    const before = me.notices().length;
    await pushAs(one.url, 'someone', writer.edit('heard again'));
    await until(() => expect(me.notices().length).toBeGreaterThan(before));
  });

  it('[RELAY-70] [RELAY-71] [RELAY-74] keep apps apart', async () => {
    const storage = await createPostgres();
    const options = {
      ...{ storage, appIDs: ['a', 'b'], auth: { account: true } },
      publicUrls: ['wss://relay.example.org/sync'],
    };
    const [one, two] = [await startRelay(options), await startRelay(options)];
    const writer = await createWriter();
    const at = (relay: typeof one, app: string) => `${relay.url}/sync/${app}`;
    const tokenFor = async (app: string) => {
      const url = at(one, app);
      const audience = `wss://relay.example.org/sync/${app}`;
      const { body } = await exchange(url, writer.node, await nonceOf(url), audience);
      return String(body.token);
    };
    const [a, b] = [await tokenFor('a'), await tokenFor('b')];
    for (const [app, token] of [
      ['a', a],
      ['b', b],
    ] as const)
      expect((await push(at(one, app), writer.all(), withToken(token))).status).toBe(200);
    const inA = await watch(at(two, 'a'), [writer.group], { token: a });
    const inB = await watch(at(two, 'b'), [writer.group], { token: b });
    for (const [app, token] of [
      ['b', a],
      ['', a],
      ['none', a],
    ] as const) {
      const wrong = openNotices(app === '' ? two.url : at(two, app));
      wrong.send({ type: 'auth', token, clientId: 'x', collections: [writer.group.id] });
      expect([app, await wrong.closed]).toEqual([app, app === 'none' ? 4404 : 4401]);
    }
    await push(at(one, 'a'), writer.edit('in a'), withToken(a));
    await until(() => expect(inA.notices()).toHaveLength(1));
    await push(at(one, 'b'), changesOf(writer.node, writer.group.createMap({ a: 1 })), withToken(b));
    await until(() => expect(inB.notices()).toHaveLength(1));
    expect(inA.notices()).toHaveLength(1);
  });
});
