import type { IncomingMessage } from 'node:http';
import { systemClock } from '../base/clock.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { kernelVersion } from '../base/version.ts';
import { addressOf, createOriginCheck } from './serving/admission.ts';
import { readAgent } from './config/agent-identity.ts';
import { checkMinAppVersion } from './config/app-version.ts';
import type { Database } from './database/database.ts';
import { createHttpChannels, refuse } from './client/http/http-channels.ts';
import { openHttpFront, type Health, type HttpFrontHandlers } from './serving/http-front.ts';
import { checkNumber, maxFrameBytes, readLimits } from './config/limits.ts';
import { defaultStorage, type Relay, type RelayOptions } from './config/relay-options.ts';
import { createMetrics } from './serving/metrics.ts';
import { startServing, type Serving } from './serving/serving.ts';
import { openStoragePlace, readStoragePlace, type StoragePlace } from './database/storage-place.ts';

/**
 * Starts a relay and resolves once it accepts clients. Rejects with RELAY_SETTING_INVALID, RELAY_PORT_TAKEN,
 * RELAY_STORAGE_LOCKED, RELAY_STORAGE_TOO_NEW or RELAY_STORAGE_FAILED, and leaves nothing running in that case.
 */
export function createRelay(options: RelayOptions = {}): Promise<Relay> {
  return createRelayOn(openStoragePlace, options);
}

/** `createRelay` with a custom way to open the database. */
export async function createRelayOn(
  openDatabase: (place: StoragePlace, logger: Logger) => Promise<Database>,
  options: RelayOptions,
): Promise<Relay> {
  const { host = '127.0.0.1', port = 4203, drainMs = 10_000, logger = silentLogger } = options;
  const limits = readLimits(options.limits);
  checkNumber('port', port, 0, 65_535);
  checkNumber('drainMs', drainMs, 0, 600_000);
  if (options.minAppVersion !== undefined) checkMinAppVersion(options.minAppVersion);
  const place = readStoragePlace(options.storage ?? defaultStorage);
  const agent = options.agent && (await readAgent(options.agent));
  const startedAtMs = Date.now();
  let database: Database | undefined;
  let serving: Serving | undefined;
  let closing: Promise<void> | undefined;
  const metrics = createMetrics(() => serving);

  const allows = createOriginCheck(options.origins ?? []);
  const addressFrom = (request: IncomingMessage) => addressOf(request, options.trustProxy ?? false);
  const channels = createHttpChannels({
    maxPayload: maxFrameBytes(limits),
    bodyMs: limits.firstFrameMs,
    clock: systemClock,
    allows,
    open: (request, socket) => serving?.open(socket, addressFrom(request)),
  });
  const handlers: HttpFrontHandlers = {
    health: () => healthOf(database, serving),
    metrics: metrics.read,
    allows,
    upgrade(request, socket, head) {
      if (!serving || closing) return false;
      serving.upgrade(request, addressFrom(request), socket, head);
      return true;
    },
    sync(request, response) {
      // After a preflight that failed, a page could not read why.
      const isAccepting = (serving && !closing) || request.method === 'OPTIONS';
      if (isAccepting) return channels.answer(request, response);
      refuse(response, 503, 'The relay is starting or stopping. Try again in a moment.');
      return true;
    },
    failed: (message, error) => logger.warn(message, { error }),
  };
  const front = await openHttpFront(host, port, handlers, limits);
  try {
    database = await openDatabase(place, logger);
    serving = await startServing(database, limits, logger, metrics, {
      agent,
      minAppVersion: options.minAppVersion,
      inspect: options.inspect ?? false,
    });
  } catch (error) {
    await front.close();
    await database?.close();
    throw error;
  }

  function healthOf(opened: Database | undefined, running: Serving | undefined): Health {
    const status = closing ? 'draining' : !running ? 'starting' : running.isFailing ? 'failing' : 'ok';
    return {
      status,
      ready: status === 'ok',
      storage: {
        kind: place.kind,
        ...(opened && { durability: opened.durability }),
        ...(running && { pending: running.pending }),
        ...(status === 'failing' && {
          error: 'The database is not responding correctly. Retrying automatically.',
        }),
      },
      connections: running?.connections ?? 0,
      uptimeMs: Date.now() - startedAtMs,
      version: kernelVersion,
    };
  }

  async function close({ drain }: Serving): Promise<void> {
    front.stopAccepting();
    try {
      await drain(drainMs);
    } finally {
      await front.close();
    }
  }

  const running = serving;
  return {
    url: `http://${urlHost(host)}:${front.port}`,
    port: front.port,
    failed: running.failed,
    close() {
      closing ??= close(running);
      return closing;
    },
  };
}

/** A relay that listens on all addresses is reachable on loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
