import { describe, expect, it, onTestFinished } from 'vitest';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { kernelVersion } from '../../base/version.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { openPostgresDatabase } from '../database/postgres-database.ts';
import type { Database } from '../database/database.ts';
import { createRelayList, reportMs } from './relay-list.ts';

const time = expect.stringMatching(/^20.*Z$/) as string;
const id = expect.stringMatching(/^[\w-]{20,}$/) as string;
const host = expect.stringMatching(/./) as string;

describe('[RELAY-87] maia-relay admin relays', () => {
  it('lists this relay alone where no other one can be, and asks the database nothing', async () => {
    const asked: string[] = [];
    const watch = (database: Database): Database => ({
      ...database,
      query: (sql, ...rest) => {
        asked.push(sql);
        return database.query(sql, ...rest);
      },
      write: (sql, ...rest) => {
        asked.push(sql);
        return database.write(sql, ...rest);
      },
    });
    const { relay, act } = await startAdministeredRelay({}, watch);
    await openRawClient(relay.url);
    expect(await act('relays')).toEqual({
      relays: [{ id, host, version: kernelVersion, clients: 1, isAlive: true, since: time, lastSeen: time }],
    });
    expect(asked.join('\n')).not.toContain('relay.relays');
  });

  describePostgres('on PostgreSQL', () => {
    it('lists all relays of the storage at each of them, without those that have stopped', async () => {
      const storage = await createPostgres();
      const urls = ['wss://relay.example.org/sync'];
      const first = await startAdministeredRelay({ storage, publicUrls: urls });
      const second = await startAdministeredRelay({ storage });
      await openRawClient(second.relay.url);
      await first.act('relays');
      const both = [
        { id, host, version: kernelVersion, urls, clients: 0, isAlive: true, since: time, lastSeen: time },
        { id, host, version: kernelVersion, clients: 1, isAlive: true, since: time, lastSeen: time },
      ];
      expect(await second.act('relays')).toEqual({ relays: both });
      expect(await first.act('relays')).toEqual({ relays: both });
      await first.relay.close();
      expect(await second.act('relays')).toEqual({ relays: both.slice(1) });
    });

    it('shows when a relay that was killed was last seen, for a day', async () => {
      const { database, start, age } = await openLists();
      const killed = await start();
      const [before] = await killed.list.read();
      killed.kill();
      const living = await start();
      await living.list.read();
      await age('2 minutes');
      const [dead, alive, ...more] = await living.list.read();
      expect(dead).toMatchObject({ id: before?.id, startedAtMs: before?.startedAtMs, isAlive: false });
      expect(dead?.seenAtMs).toBeCloseTo((before?.seenAtMs ?? 0) - 120_000, -1);
      expect([alive?.isAlive, more]).toEqual([true, []]);
      await age('1 day');
      expect(await living.list.read()).toMatchObject([{ id: alive?.id, isAlive: true }]);
      expect(await database.query('select id from relays')).toEqual([{ id: alive?.id }]);
    });

    it('reports each relay every 30 s, also after the database has failed', async () => {
      const { start, age, database } = await openLists();
      const { clock, setClients, setBroken, attempts } = await start();
      setClients(7);
      setBroken(true);
      await age('1 hour');
      const report = async () => {
        const before = attempts();
        await until(() => {
          clock.advance(reportMs);
          expect(attempts()).toBeGreaterThan(before);
        });
      };
      await report();
      const clients = () =>
        database.query(`select clients, seen_at > now() - interval '1 minute' as "isNew" from relays`);
      expect(await clients()).toEqual([{ clients: 0, isNew: false }]);
      setBroken(false);
      await report();
      await until(async () => expect(await clients()).toEqual([{ clients: 7, isNew: true }]));
    });
  });
});

async function openLists() {
  const database = await openPostgresDatabase(await createPostgres(), 'the test', silentLogger);
  onTestFinished(database.close);
  async function start() {
    const clock = createFakeClock();
    let clients = 0;
    let isBroken = false;
    let attempts = 0;
    const list = await createRelayList({
      ...{ urls: [], clients: () => clients, clock, logger: silentLogger },
      database: {
        ...database,
        write(...asked) {
          attempts++;
          return isBroken ? Promise.reject(new Error('The disk is full.')) : database.write(...asked);
        },
      },
    });
    return {
      ...{ list, clock },
      attempts: () => attempts,
      setClients: (count: number) => void (clients = count),
      setBroken: (is: boolean) => void (isBroken = is),
      /** It does nothing more, not even leave. */
      kill: () => void (isBroken = true),
    };
  }
  const age = (by: string) => database.write(`update relays set seen_at = seen_at - interval '${by}'`);
  return { database, start, age };
}
