import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const page = 'https://app.example.org';
const other = 'https://other.example.org';

async function startFor(origins: readonly string[], limits = {}) {
  const logged: [string, object | undefined][] = [];
  const warnings: [string, object | undefined][] = [];
  const relay = await startRelay({
    storage: 'memory:',
    origins,
    limits,
    logger: {
      debug: (...line) => void logged.push([line[0], line[1]]),
      warn(...line) {
        logged.push([line[0], line[1]]);
        warnings.push([line[0], line[1]]);
      },
    },
  });
  const refusals = () => logged.filter(([message]) => message.startsWith('Refused'));
  async function counted(code: string): Promise<string | undefined> {
    const text = await (await fetch(`${relay.url}/metrics`)).text();
    return new RegExp(`^maia_relay_refused_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(text)?.[1];
  }
  const dial = (origin: string, path = '/sync') => {
    const socket = new WebSocket(`${relay.url.replace('http', 'ws')}${path}`, { origin });
    onTestFinished(() => socket.terminate());
    return socket;
  };
  return { relay, refusals, warnings, counted, dial };
}

const stream = { accept: 'text/event-stream' };
const json = { method: 'POST', body: '{}' };

it('[RELAY-101] logs and counts each page that is refused because of its origin', async () => {
  const { relay, refusals, warnings, counted, dial } = await startFor([page]);
  const ask = async (headers: Record<string, string>, more: RequestInit = {}) =>
    (await fetch(`${relay.url}/sync`, { ...more, headers })).status;
  const notListed = ['Refused a page', { origin: other, reason: 'CORS_ORIGINS does not list this origin.' }];
  for (const path of ['/sync', '/ws']) {
    const [error] = (await once(dial(other, path), 'error')) as [Error];
    expect(error.message).toContain('403');
  }
  expect(refusals()).toEqual([notListed, notListed]);
  expect(await ask({ ...stream, origin: other })).toBe(403);
  expect(await ask({ 'content-type': 'application/json', origin: other }, json)).toBe(403);
  expect(refusals()).toEqual(Array.from({ length: 4 }, () => notListed));
  const hidden = get(`${relay.url}/sync`, { headers: { ...stream, 'sec-fetch-mode': 'no-cors' } });
  const [answer] = (await once(hidden, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(403);
  answer.resume();
  expect(refusals().at(-1)).toEqual([
    'Refused a page',
    { origin: undefined, reason: 'The request hides its origin (no-cors).' },
  ]);
  expect(await counted('origin')).toBe('5');
  // Once for each origin.
  expect(warnings.filter(([message]) => message === 'Refused a page')).toEqual([notListed]);

  await once(dial(page), 'open');
  expect(await ask({ ...json, 'content-type': 'application/json', origin: page }, json)).not.toBe(403);
  expect(await counted('origin')).toBe('5');
});

it('[RELAY-101] shortens an origin that would fill the log', async () => {
  const { refusals, dial } = await startFor([page]);
  await once(dial(`https://${'x'.repeat(5_000)}`), 'error');
  expect(refusals()).toHaveLength(1);
  expect(JSON.stringify(refusals()).length).toBeLessThan(500);
});

it('logs a client that gets no place', async () => {
  const { refusals, counted, dial } = await startFor([], { connections: 1 });
  await once(dial(page), 'open');
  dial(page);
  await until(() =>
    expect(refusals()).toContainEqual([
      'Refused a client',
      { code: 'limit', reason: 'The relay is at its limit of 1 connections.' },
    ]),
  );
  expect(await counted('limit')).toBe('1');
  dial(page, '/ws');
  await until(() =>
    expect(refusals()).toContainEqual([
      'Refused a notice socket',
      { code: 'limit', reason: 'The relay is at its limit of 1 connections.' },
    ]),
  );
});
