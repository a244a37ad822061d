import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { freePort } from '../../../../test/support/relay/free-port.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../../test/support/relay/test-relay.ts';
import { createAddressReader } from './address-reader.ts';
import { hourMs, warnHourly } from './warn-hourly.ts';

it('[RELAY-42] warnings are logged at the start and every hour', () => {
  const clock = createFakeClock();
  const warn = vi.fn();
  const end = warnHourly(['The relay is open.'], { ...silentLogger, warn }, clock);
  expect(warn.mock.calls).toEqual([['The relay is open.']]);
  clock.advance(hourMs - 1);
  expect(warn).toHaveBeenCalledTimes(1);
  clock.advance(hourMs + 1);
  expect(warn).toHaveBeenCalledTimes(3);
  end();
  expect(clock.waiting).toBe(0);
});

describe('behind a trusted proxy', () => {
  const from = (remoteAddress: string | undefined) =>
    ({
      headers: { 'x-forwarded-for': '198.51.100.1' },
      socket: { remoteAddress },
    }) as unknown as IncomingMessage;

  it('[RELAY-42] a client with a public address counts as itself, with a warning an hour', () => {
    const clock = createFakeClock();
    const warn = vi.fn();
    const read = createAddressReader(true, { ...silentLogger, warn }, clock);
    for (const proxy of ['10.0.0.1', '::ffff:127.0.0.1', undefined]) {
      expect(read(from(proxy))).toBe('198.51.100.1');
    }
    expect(warn).not.toHaveBeenCalled();
    for (let count = 0; count < 2; count++) expect(read(from('203.0.113.7'))).toBe('203.0.113.7');
    expect(warn).toHaveBeenCalledTimes(1);
    clock.advance(hourMs);
    read(from('203.0.113.7'));
    expect(warn).toHaveBeenCalledTimes(2);
    expect(String(warn.mock.calls)).not.toContain('203.0.113');
  });

  it('[RELAY-42] is not warned of by a relay that trusts none', () => {
    const warn = vi.fn();
    const read = createAddressReader(false, { ...silentLogger, warn }, createFakeClock());
    expect(read(from('203.0.113.7'))).toBe('203.0.113.7');
    expect(warn).not.toHaveBeenCalled();
  });
});

describePostgres('a relay', () => {
  it('[RELAY-42] serves its metrics on their own port alone, until it closes', async () => {
    const metricsPort = await freePort();
    const relay = await startRelay({ storage: await createPostgres(), metricsPort });
    const metrics = `http://127.0.0.1:${metricsPort}`;
    const answer = await fetch(`${metrics}/metrics`);
    expect(await answer.text()).toContain('maia_relay_connections 0');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    for (const path of ['/health', '/sync', '/']) expect((await fetch(metrics + path)).status).toBe(404);
    expect((await fetch(`${relay.url}/metrics`)).status).toBe(404);
    await relay.close();
    await expect(fetch(`${metrics}/metrics`)).rejects.toThrow('fetch failed');
  });

  it('[RELAY-42] logs whom it serves without a decision, and starts so only outside production', async () => {
    const warn = vi.fn();
    const options = { host: '0.0.0.0', storage: await createPostgres(), logger: { ...silentLogger, warn } };
    const relay = await startRelay(options);
    expect(warn.mock.calls.map(String)).toEqual([
      expect.stringContaining('SYNC_MAIA_OPEN'),
      expect.stringContaining('METRICS_PORT'),
    ]);
    await relay.close();
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(startRelay(options)).rejects.toMatchObject({ code: 'RELAY_SETTING_INVALID' });
  });
});
