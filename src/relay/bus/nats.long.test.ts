import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { startProxy } from '../../../test/support/relay/tcp-proxy.ts';
import { describeNats, natsUrl } from '../../../test/support/relay/test-nats.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { confirmed, readHealth, startRelay } from '../../../test/support/relay/test-relay.ts';
import { equal, startTwoRelays } from '../../../test/support/relay/two-relays.ts';
import { until } from '../../../test/support/until.ts';

const throughNats = { bus: natsUrl };

describePostgres('two relays on one PostgreSQL', () => {
  describeNats('that notify each other through NATS', () => {
    it('[RELAY-51] deliver edits to each other’s clients, whatever strangers say there', async () => {
      const stranger = await connect({ servers: new URL(natsUrl).host });
      onTestFinished(() => stranger.close());
      const subjects = new Set<string>();
      stranger.subscribe('maia-relay.>', { callback: (_, { subject }) => void subjects.add(subject) });
      await stranger.flush();
      const { alice, bob, mine, theirs } = await startTwoRelays(undefined, [throughNats, throughNats]);
      for (let count = 0; count < 20; count++) {
        mine.set('alice', count);
        theirs.set('bob', count);
        for (const subject of subjects) {
          for (const text of ['', '*', `x.${count * 7} ${mine.id}`, `y co_zNothing`, 'z'.repeat(50_000)])
            stranger.publish(subject, text);
        }
      }
      await confirmed(alice, mine);
      await confirmed(bob, theirs);
      await equal(mine, theirs);
      expect(theirs.toJSON()).toEqual({ word: 'first', alice: 19, bob: 19 });
      expect(subjects.size).toBeGreaterThan(0);
    });

    it('lose nothing while one does not reach NATS, and say so', async () => {
      const proxy = await startProxy(natsUrl);
      const { relays, alice, mine, theirs } = await startTwoRelays(undefined, [
        throughNats,
        { bus: proxy.url },
      ]);
      proxy.cut();
      mine.set('word', 'while away');
      await confirmed(alice, mine);
      await until(async () => expect((await readHealth(relays[1])).code).toBe(503));
      proxy.mend();
      await equal(mine, theirs);
      await until(async () => expect((await readHealth(relays[1])).code).toBe(200));
    });
  });

  it('name the bus that does not answer, but not its password', async () => {
    const storage = await createPostgres();
    const started = startRelay({ storage, bus: 'nats://me:secret@127.0.0.1:1' });
    const error: unknown = await started.catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'RELAY_SETTING_INVALID',
      message: expect.stringContaining('127.0.0.1:1') as unknown,
    });
    expect(String((error as Error).message)).not.toContain('secret');
  });
});

it('refuses to listen for notices at what is no PostgreSQL', async () => {
  const started = startRelay({ storage: 'memory:', listenUrl: 'memory:' });
  await expect(started).rejects.toMatchObject({
    code: 'RELAY_SETTING_INVALID',
    message: expect.stringContaining('DATABASE_LISTEN_URL') as unknown,
  });
});

it('is refused where there is one relay only, and with an address of another kind', async () => {
  const refused = { code: 'RELAY_SETTING_INVALID' };
  await expect(startRelay({ storage: 'memory:', bus: 'nats://127.0.0.1' })).rejects.toMatchObject(refused);
  for (const bus of ['nats', 'http://me:secret@127.0.0.1', 'nats://'])
    await expect(startRelay({ storage: 'memory:', bus })).rejects.toMatchObject(refused);
});
