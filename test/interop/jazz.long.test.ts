import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CoID, RawCoMap } from 'cojson';
import { describe, expect, it } from 'vitest';
import { openDevice } from '../support/auth/asked-devices.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { startRelay } from '../support/relay/test-relay.ts';
import { until } from '../support/until.ts';

const folder = join(import.meta.dirname, 'jazz');

interface Note {
  readonly id: CoID<RawCoMap>;
  readonly title: string;
  readonly lines: readonly string[];
}

async function runWorkers(url: string): Promise<Note> {
  const workers = spawn(process.execPath, [join(folder, 'worker.mjs'), `${url.replace('http', 'ws')}/sync`]);
  let printed = '';
  let complaint = '';
  workers.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  workers.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const [code] = (await once(workers, 'close')) as [number | null];
  if (code !== 0) throw new Error(`The workers ended with ${code}: ${complaint}`);
  return JSON.parse(printed) as Note;
}

function syncThrough(openStorage: () => Promise<string>): void {
  it('sync through our relay, also with a device on the kernel', async () => {
    const relay = await startRelay({ storage: await openStorage() });
    const { id, title, lines } = await runWorkers(relay.url);
    expect([title, lines]).toEqual(['Shared', ['first', 'second']]);
    const { node } = await openDevice(relay.url);
    await until(() => expect(Object.keys(node.syncManager.peers)).toHaveLength(1));
    const note = await node.load(id);
    expect(note !== 'unavailable' && note.get('title')).toBe('Shared');
  });
}

describe('workers of jazz-tools', () => {
  describe('on PGlite', () => syncThrough(() => Promise.resolve('memory:')));
  describePostgres('on PostgreSQL', () => syncThrough(createPostgres));
});
