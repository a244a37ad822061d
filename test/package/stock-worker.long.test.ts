import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { RawCoMap, type CoID } from 'cojson';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Relay } from '../../src/relay/index.ts';
import { systemClock } from '../../src/base/clock.ts';
import { openRelay } from '../support/relay/test-relay.ts';
import { createPeople } from '../support/session/people.ts';
import { createTestSessions, type TestSessions } from '../support/session/test-sessions.ts';
import { until } from '../support/until.ts';

interface Agent {
  readonly accountID: string;
  readonly agentSecret: string;
}

let sessions: TestSessions;
let relay: Relay | undefined;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(async () => {
  await sessions.end();
  await relay?.close();
});
const { connected } = createPeople(() => sessions);

/** The settings as the command prints them. */
async function generateAgent(): Promise<Agent> {
  const script = join(import.meta.dirname, '../../scripts/agent-generate.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--service', 'sync']);
  const setting = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(stdout)?.[1] ?? '';
  return {
    accountID: setting('SYNC_MAIA_AGENT_ACCOUNT_ID'),
    agentSecret: setting('SYNC_MAIA_AGENT_SECRET'),
  };
}

/** A worker writes, a kernel's session reads and answers, and the worker reads the answer. */
async function exchange({ accountID, agentSecret }: Agent, url: string, creates: boolean): Promise<void> {
  const user = await connected({ url }, { clock: systemClock });
  const refusals: unknown[] = [];
  user.sync.on('refused', (refusal) => refusals.push(refusal));
  const settings = { url, accountID, accountSecret: agentSecret, readerID: user.accountID, creates };
  const program = join(import.meta.dirname, 'stock-worker/worker.mjs');
  const worker = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  sessions.onEnd(() => void worker.kill());
  const lines = createInterface(worker.stdout)[Symbol.asyncIterator]();
  const nextLine = async () => (await lines.next()).value as string | undefined;

  const map = await user.load((await nextLine()) as CoID<RawCoMap>);
  if (!(map instanceof RawCoMap)) throw new Error('The worker wrote no map.');
  await until(() => expect(map.toJSON()).toEqual({ word: 'from the worker', signed: 'only' }));
  map.set('answer', 'from the kernel');
  await user.sync.whenConfirmed();
  expect(JSON.parse((await nextLine()) ?? 'null')).toEqual({ answer: 'from the kernel', refused: [] });
  await until(() => expect(map.get('thanks')).toBe(true));
  expect(map.editsAt('word').next().value).toMatchObject({ by: accountID });
  expect(refusals).toEqual([]);
  if (worker.exitCode === null) await once(worker, 'exit');
}

const syncURL = ({ url }: Relay) => `${url.replace('http', 'ws')}/sync`;

test('a stock worker creates the account of a generated agent from its secret, and later loads it by both', async () => {
  const agent = await generateAgent();
  relay = await openRelay({ storage: 'memory:', drainMs: 0 });
  await exchange(agent, syncURL(relay), true);
  await exchange(agent, syncURL(relay), false);
}, 120_000);

test('a stock worker loads the account of a generated agent as which the relay runs', async () => {
  const agent = await generateAgent();
  relay = await openRelay({ agent, storage: 'memory:', drainMs: 0 });
  await exchange(agent, syncURL(relay), false);
}, 120_000);
