import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { LocalNode, RawCoMap, SessionID } from 'cojson';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { openStorageDirectory } from '../database/storage-directory.ts';
import { bundleRelay, spawnRelay } from '../../../test/support/relay/relay-process.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { connectStock, createClientNode, reconnectStock } from '../../../test/support/relay/stock-client.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { until } from '../../../test/support/until.ts';

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
});

const start = (directory: string, ...args: readonly string[]) =>
  spawnRelay(script, '--port=0', `--storage=pglite:${directory}`, ...args);

/** Edits a few CoValues in every turn of the event loop, from `start` to `stop`. */
function createEditor(node: LocalNode) {
  const group = node.createGroup();
  const maps = Array.from({ length: 3 }, () => group.createMap());
  let count = 0;
  let turn: NodeJS.Immediate | undefined;
  const edit = () => {
    count++;
    for (const map of maps) map.set('count', count, count % 2 === 0 ? 'private' : 'trusting');
    turn = setImmediate(edit);
  };
  const stop = () => clearImmediate(turn);
  onTestFinished(stop);
  return { maps, start: edit, stop };
}

/** How many transactions of this node the relay has acknowledged, per CoValue. */
function acknowledged(node: LocalNode, maps: readonly RawCoMap[]): Map<string, number> {
  const relay = node.syncManager.peers.relay;
  return new Map(maps.map(({ id }) => [id, relay?.getKnownState(id)?.sessions[node.currentSessionID] ?? 0]));
}

const sum = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((total, count) => total + count, 0);

/** Reads the stored counts, and checks that each session has as many transactions as its count says. */
async function stored(directory: string): Promise<Map<string, number>> {
  const database = await openStorageDirectory(directory, silentLogger);
  const rows = await database.query<{ id: string; count: number; rows: number }>(
    `select covalue_id as id, last_idx as count,
       (select count(*)::int4 from transactions as t where t.covalue_id = s.covalue_id and t.session_id = s.session_id) as rows
     from sessions as s`,
  );
  await database.close();
  expect(rows.filter(({ count, rows: found }) => count !== found)).toEqual([]);
  return new Map(rows.map(({ id, count }) => [id, count]));
}

const lost = (claimed: ReadonlyMap<string, number>, kept: ReadonlyMap<string, number>) =>
  [...claimed].filter(([id, count]) => (kept.get(id) ?? 0) < count);

/** Asks a restarted relay how many transactions it has of each CoValue that its predecessor acknowledged. */
async function askFor(url: string, session: SessionID, claimed: ReadonlyMap<string, number>) {
  const client = await openRawClient(url);
  const kept = new Map<string, number>();
  for (const id of claimed.keys()) {
    // If a client claims to have more, the relay answers with its own known state.
    client.send({ action: 'load', id, header: true, sessions: { [session]: 1_000_000_000 } });
    await client.waitFor({ action: 'known', id });
  }
  for (const { id, sessions } of client.received) {
    if (typeof id === 'string') kept.set(id, (sessions as Record<string, number>)[session] ?? 0);
  }
  client.socket.terminate();
  return kept;
}

describe('a relay killed during edits', () => {
  it('[RELAY-3] loses no acknowledged edit in 4 rounds on one storage', async () => {
    const directory = await createStorage();
    const node = await createClientNode();
    const editor = createEditor(node);
    let claimed = new Map<string, number>();
    // The number of acknowledgements before the kill: early, late, and in between.
    for (const length of [1, 30, 300, 5]) {
      const relay = start(directory);
      const url = await relay.url;
      // Check before the node reconnects, which would resend lost edits.
      expect(lost(claimed, await askFor(url, node.currentSessionID, claimed))).toEqual([]);
      reconnectStock(node, url);
      editor.start();
      await until(() =>
        expect(sum(acknowledged(node, editor.maps)) - sum(claimed)).toBeGreaterThanOrEqual(length),
      );
      relay.kill('SIGKILL');
      claimed = acknowledged(node, editor.maps);
      editor.stop();
      expect((await relay.ended).signal).toBe('SIGKILL');
    }
    expect(lost(claimed, await stored(directory))).toEqual([]);
  }, 120_000);
});

describe('a relay that receives a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '[RELAY-4] ends cleanly on %s during edits and keeps every acknowledged one',
    async (signal) => {
      const directory = await createStorage();
      const relay = start(directory);
      const node = await createClientNode();
      connectStock(node, await relay.url);
      const { maps, start: startEditing } = createEditor(node);
      startEditing();
      await until(() => expect(sum(acknowledged(node, maps))).toBeGreaterThan(100));
      const peer = node.syncManager.peers.relay;
      relay.kill(signal);
      await relay.ended;
      const claimed = new Map(
        maps.map(({ id }) => [id, peer?.getKnownState(id)?.sessions[node.currentSessionID] ?? 0]),
      );
      expect(await relay.ended).toEqual({ code: 0, signal: null });
      expect(relay.printed.errors).toBe('');
      expect(await readdir(directory)).toEqual(['postgres']);
      expect(lost(claimed, await stored(directory))).toEqual([]);
    },
    60_000,
  );
});

describe('a relay killed while it creates its storage', () => {
  it('leaves nothing that the next start cannot clean up', async () => {
    const directory = join(await createDirectory(), 'storage');
    const first = start(directory);
    await until(async () => expect((await readdir(directory)).join()).toContain('unfinished-'));
    first.kill('SIGKILL');
    await first.ended;
    const second = start(directory);
    expect((await fetch(`${await second.url}/health`)).status).toBe(200);
    const files = await readdir(directory);
    expect(files.filter((name) => !name.startsWith('.'))).toEqual(['lock.2', 'postgres']);
  }, 60_000);
});

describe('a relay that cannot start', () => {
  it('explains that its storage is in use and leaves the other relay alone', async () => {
    const directory = await createStorage();
    const first = start(directory);
    const url = await first.url;
    const second = start(directory);
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.printed).toEqual({
      output: '',
      errors: `maia-relay: Another relay is using the storage in ${directory}. Stop that relay, or use another directory.\n`,
    });
    expect((await fetch(`${url}/health`)).status).toBe(200);
  }, 60_000);

  it('explains that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const relay = spawnRelay(script, `--port=${port}`, '--storage=memory:');
    expect(await relay.ended).toEqual({ code: 1, signal: null });
    expect(relay.printed.errors).toMatch(
      new RegExp(`^maia-relay: Port ${port} on 127.0.0.1 is in use[^\n]+\n$`),
    );
  });

  it('explains that a setting is invalid', async () => {
    const relay = spawnRelay(script, '--storage=postgres://user:secret@127.0.0.1:1/db');
    expect(await relay.ended).toEqual({ code: 1, signal: null });
    expect(relay.printed.errors).toMatch(
      /^maia-relay: The relay's database at 127.0.0.1:1\/db cannot be used[^\n]+\n$/,
    );
    expect(relay.printed.errors).not.toContain('secret');
  });
});

describe('the doctor', () => {
  it('reports problems and ends with exit code 1', async () => {
    const directory = await createDirectory();
    const well = spawnRelay(script, 'doctor', '--port=0', `--storage=pglite:${directory}/new`);
    expect(await well.ended).toEqual({ code: 0, signal: null });
    expect(well.printed.output).toMatch(/^ok {5}port/);
    expect(await readdir(directory)).toEqual([]);
    const ill = spawnRelay(script, 'doctor', '--port=0', `--storage=pglite:${script}`);
    expect(await ill.ended).toEqual({ code: 1, signal: null });
    expect(ill.printed.output).toMatch(/^wrong {2}directory/m);
  });
});

describe('the command', () => {
  it('prints its help', async () => {
    const [help, version] = [spawnRelay(script, '--help'), spawnRelay(script, '--version')];
    expect(await help.ended).toEqual({ code: 0, signal: null });
    expect(help.printed.output).toContain('--storage');
    expect(await version.ended).toEqual({ code: 0, signal: null });
    expect(version.printed.output).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
