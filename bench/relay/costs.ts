import { setTimeout as pause } from 'node:timers/promises';
import { startServer } from '../harness/server-process.ts';
import { slopeOf } from '../harness/statistics.ts';
import { createEditStreams, createLibrary } from './corpus.ts';
import { openMany, prepareCojsonIdle } from './idle-connections.ts';
import type { Measure, Measurement } from './measurement.ts';
import { askPostgres, startUntilEnd } from './servers.ts';
import { connect, createNode } from './client.ts';
import { openSocket, openUploader, uploadInOrder } from './uploader.ts';

const editCounts = [1_000, 4_000, 16_000] as const;
const inFlight = 50;
const followerCounts = [10, 100, 400] as const;
const deliveredEdits = 100;
const connectionCounts = [1_000, 3_000, 9_000] as const;
const loadCounts = [500, 2_000, 8_000] as const;
const idleSeconds = 10;
const contentTables = ['covalues', 'sessions', 'transactions', 'signatures', 'changes'];

/** What an edit, a connection and a cold load cost a relay on PostgreSQL, for docs/scale.md. Compares with nothing. */
export const measureCosts: Measure = async (measurement) => {
  if (!measurement.durable.includes('postgres')) return [];
  const { say } = measurement.context;
  for (const [name, measure] of [
    ['an edit', measureEditCost],
    ['a delivery of an edit to a client', measureDeliveryCost],
    ['a connection', measureConnectionCost],
    ['a cold load of a CoValue', measureLoadCost],
  ] as const) {
    const points = await measure(measurement);
    say(`The cost of ${name}, fitted at ${points.map(({ count }) => count).join(', ')}`);
    for (const figure of Object.keys(points[0]?.figures ?? {})) {
      const [slope, residual] = slopeOf(
        points.map(({ count, figures }) => [count, figures[figure] ?? Number.NaN]),
      );
      say(`  ${figure}: ${slope.toPrecision(3)} (within ${(100 * residual).toFixed(0)} %)`);
    }
  }
  return [];
};

interface Point {
  readonly count: number;
  readonly figures: Readonly<Record<string, number>>;
}

async function measureEditCost({ context, commands }: Measurement): Promise<readonly Point[]> {
  const command = await commands.ours('postgres');
  const database = command.args?.find((argument) => argument.startsWith('postgres:')) ?? '';
  const { webSocketUrl, cpuMs } = await startUntilEnd(context, command);
  const points: Point[] = [];
  for (const count of editCounts) {
    const { before, streams } = await createEditStreams(count, inFlight, count / inFlight);
    await uploadInOrder(`${webSocketUrl}/sync`, before);
    const used = async () => ({ ...(await storedIn(database)), 'ms of processor': await cpuMs() });
    const start = await used();
    const uploader = await openUploader(`${webSocketUrl}/sync`);
    await uploader.send(streams);
    uploader.close();
    const end = await used();
    const sent = streams.flat().reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    points.push({ count, figures: { ...difference(start, end), 'bytes received': sent } });
  }
  return points;
}

async function storedIn(database: string) {
  const rows = contentTables.map((table) => `(select count(*) from ${table})`).join(' + ');
  const [row] = await askPostgres(
    `select pg_database_size(current_database()) as bytes, ${rows} as rows,
       pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal`,
    database,
  );
  return {
    'bytes stored': Number(row?.['bytes']),
    'rows stored': Number(row?.['rows']),
    'bytes of WAL': Number(row?.['wal']),
  };
}

async function measureDeliveryCost({ context, commands }: Measurement): Promise<readonly Point[]> {
  const { webSocketUrl, cpuMs } = await startUntilEnd(context, await commands.ours('postgres'));
  const url = `${webSocketUrl}/sync`;
  const points: Point[] = [];
  for (const followers of followerCounts) {
    const { before, streams } = await createEditStreams(followers, 1, deliveredEdits);
    await uploadInOrder(url, before);
    const id = streams[0]?.[0]?.id ?? '';
    let heard = 0;
    const count = followers * deliveredEdits;
    const closes = await openMany(
      async () => {
        const socket = await openSocket(url);
        socket.on('message', (data: Buffer) => {
          for (const line of data.toString('utf8').split('\n'))
            if (line.includes('"action":"content"') && line.includes(id)) heard++;
        });
        socket.send(JSON.stringify({ action: 'load', id, header: false, sessions: {} }));
        return () => socket.terminate();
      },
      webSocketUrl,
      followers,
    );
    // Its content so far goes to each of them first.
    while (heard < followers) await pause(10);
    const start = await cpuMs();
    const uploader = await openUploader(url);
    await uploader.send(streams);
    while (heard < followers + count) await pause(10);
    points.push({ count, figures: { 'ms of processor': (await cpuMs()) - start } });
    uploader.close();
    for (const close of closes) close();
  }
  return points;
}

async function measureConnectionCost({ commands }: Measurement): Promise<readonly Point[]> {
  const points: Point[] = [];
  const server = await startServer(await commands.ours('postgres'));
  const open = await prepareCojsonIdle(server.webSocketUrl);
  const closes: (() => void)[] = [];
  for (const count of connectionCounts) {
    closes.push(...(await openMany(open, server.webSocketUrl, count - closes.length)));
    const { rss, held } = await server.settledMemory();
    const before = await server.cpuMs();
    await pause(idleSeconds * 1_000);
    const cpu = ((await server.cpuMs()) - before) / idleSeconds;
    points.push({
      count,
      figures: { 'bytes of the process': rss, 'bytes of JavaScript': held, 'ms of processor a second': cpu },
    });
  }
  for (const close of closes) close();
  await server.stop();
  return points;
}

async function measureLoadCost({ commands }: Measurement): Promise<readonly Point[]> {
  const command = await commands.ours('postgres');
  const library = await createLibrary(4_203, Math.max(...loadCounts));
  const first = await startServer(command);
  await uploadInOrder(`${first.webSocketUrl}/sync`, library.uploads);
  await first.stop();
  const points: Point[] = [];
  for (const count of loadCounts) {
    const server = await startServer(command);
    const client = await connect(await createNode(), `${server.webSocketUrl}/sync`);
    let bytes = 0;
    client.onFrame((text) => (bytes += text.length));
    const before = await server.cpuMs();
    await Promise.all(library.ids.slice(0, count).map((id) => client.node.load(id)));
    points.push({
      count,
      figures: { 'ms of processor': (await server.cpuMs()) - before, 'bytes sent': bytes },
    });
    client.close();
    await server.stop();
  }
  return points;
}

function difference<K extends string>(
  start: Record<K, number>,
  end: Record<K, number>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries<number>(end).map(([key, value]) => [key, value - start[key as K]]),
  );
}
