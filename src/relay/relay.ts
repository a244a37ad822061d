import type { Server } from 'node:http';
import { systemClock, type Clock } from '../base/clock.ts';
import { createKernelError } from '../base/kernel-error.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { readSyncPath } from '../wire/sync-path.ts';
import { kernelVersion } from '../base/version.ts';
import { createBlocking } from './admin/blocking.ts';
import { createAdminFront } from './admin/admin-front.ts';
import { readAdminSettings } from './admin/admin-settings.ts';
import { openAdminToken } from './admin/admin-token.ts';
import { createOriginCheck } from './serving/origin-check.ts';
import { createAudienceCheck } from './auth/relay-audience.ts';
import { readAuth } from './auth/sign-in-methods.ts';
import { checkExposure } from './config/exposure.ts';
import { createAddressReader } from './serving/doors/address-reader.ts';
import { readAgent } from './config/agent-identity.ts';
import { readAppIDs } from './config/app-ids.ts';
import { checkSettings } from './config/check-settings.ts';
import { defaultStatementMs, type Database } from './database/database.ts';
import { refuse } from './client/http/cross-origin.ts';
import { createHttpChannels, notAccepting } from './client/http/http-channels.ts';
import { readBusPlace } from './bus/bus-place.ts';
import { readMemoryBytes } from './config/memory-limit.ts';
import type { Health, Reason } from './serving/health.ts';
import { enterServer } from './serving/doors/callers-server.ts';
import type { Door } from './serving/doors/door.ts';
import { openOwnServer } from './serving/doors/own-server.ts';
import { warnHourly } from './serving/doors/warn-hourly.ts';
import { createHttpFront, createMetricsFront, refuseUpgrade } from './serving/http-front.ts';
import { maxFrameBytes, readLimits } from './config/limits.ts';
import { defaultStorage, type Relay, type RelayOptions } from './config/relay-options.ts';
import { createMetrics } from './serving/metrics.ts';
import { createNoticeSurface } from './notices/notice-surface.ts';
import { startServing, type Serving } from './serving/serving.ts';
import { readQuota } from './quota/quota.ts';
import { createRelayList, type RelayList } from './operator/relay-list.ts';
import { stopping } from './stateless/refusal.ts';
import { createStatelessSurface } from './stateless/surface.ts';
import { defaultDiskReserveMB } from './database/upkeep/disk-space.ts';
import {
  checkListenUrl,
  openStoragePlace,
  readStoragePlace,
  stateDirectoryOf,
  type StorageOptions,
  type StoragePlace,
} from './database/storage-place.ts';

export type { Database } from './database/database.ts';
export { requirePGlite } from './config/require-pglite.ts';
export { openMemoryDatabase } from './database/pglite-database.ts';

/**
 * Starts a relay and resolves once it accepts clients. Rejects with RELAY_SETTING_INVALID, RELAY_PORT_TAKEN,
 * RELAY_PACKAGE_MISSING, RELAY_STORAGE_LOCKED, RELAY_STORAGE_TOO_NEW or RELAY_STORAGE_FAILED, and leaves nothing running in
 * that case.
 */
export function createRelay(options: RelayOptions = {}): Promise<Relay> {
  return createRelayOn(openStoragePlace, options);
}

/** `createRelay` with a custom way to open the database, and with a custom clock. */
export async function createRelayOn(
  openDatabase: (place: StoragePlace, logger: Logger, options: StorageOptions) => Promise<Database>,
  options: RelayOptions,
  clock: Clock = systemClock,
): Promise<Relay> {
  const { host = '127.0.0.1', port = 4203, logger = silentLogger } = options;
  const { drainMs = 10_000, drainDelayMs = 0, statementMs = defaultStatementMs } = options;
  const { diskReserveMB = defaultDiskReserveMB } = options;
  const limits = readLimits(options.limits);
  const memoryBytes = readMemoryBytes(options.memoryMB);
  checkSettings(options);
  const { metricsPort, commitLanes: lanes, databaseLockMs: lockMs, listenUrl } = options;
  if (metricsPort === port && !options.server) throw samePort(port);
  const admin = readAdminSettings({ ...options, port });
  const auth = readAuth(options);
  const authorize = readAuthorize(options.authorize);
  const quota = readQuota(options.quota ?? {}, auth !== undefined);
  const isAudience = createAudienceCheck(options.publicUrls ?? []);
  const { backupDays } = options;
  const appIDs = readAppIDs(options.appIDs);
  const warnings = checkExposure(options, process.env.NODE_ENV === 'production');
  const place = readStoragePlace(options.storage ?? defaultStorage);
  if (listenUrl !== undefined) checkListenUrl(listenUrl);
  const busUrl = readBusPlace(options.bus ?? 'postgres', place.kind);
  const agent = options.agent && (await readAgent(options.agent));
  const startedAtMs = Date.now();
  let database: Database | undefined;
  let serving: Serving | undefined;
  let relays: RelayList | undefined;
  let closing: Promise<void> | undefined;
  /** A load balancer takes a while to notice that a relay is draining. Until then it sends clients here. */
  let isAccepting = false;
  const metrics = createMetrics(() => serving?.state());

  const origins = createOriginCheck(options.origins ?? [], metrics.refusedOrigin, logger);
  const addressOf = createAddressReader(options.trustProxy ?? false, logger, clock);
  const channels = createHttpChannels({
    maxPayload: maxFrameBytes(limits),
    bodyMs: limits.firstFrameMs,
    clock,
    origins,
    open: (request, socket, appID) =>
      serving?.open(socket, { appID, address: addressOf(request) }, socket.incoming),
    prepare: (appID) => serving?.prepare(appID) ?? Promise.resolve(false),
  });
  const stateless = createStatelessSurface({
    async enter(appID) {
      if (serving && isAccepting) {
        const visit = await serving.visit(appID);
        if (visit) return visit;
      }
      throw stopping(closing ? 'draining' : 'storage');
    },
    ...{ origins, addressOf, limits, clock, logger },
  });
  const notices = createNoticeSurface({ limits, clock, logger });
  const failed = (message: string, error: unknown) => logger.warn(message, { error });
  /** Without apps, a server of the caller may have its own paths there. */
  const placeOf = (path: string) => {
    const place = readSyncPath(path);
    return place?.appID === undefined || appIDs.length > 0 ? place : undefined;
  };
  const front = createHttpFront({
    placeOf,
    health: readHealth,
    metrics: metricsPort === undefined ? metrics.read : undefined,
    origins,
    upgrade(request, socket, head, { appID, part }) {
      if (!serving || !isAccepting) return false;
      const refuseNow = () => refuseUpgrade(socket, '503 Service Unavailable', `${notAccepting}\n`);
      if (part === 'ws') {
        notices.upgrade(request, { appID, address: addressOf(request) }, socket, head, serving, refuseNow);
        return true;
      }
      const { prepare, upgrade } = serving;
      void prepare(appID).then((isPrepared) => {
        if (isPrepared) upgrade(request, { appID, address: addressOf(request) }, socket, head);
        else refuseNow();
      });
      return true;
    },
    sync(request, response, place) {
      const { appID, part } = place;
      if (stateless.answer(request, response, place)) return true;
      if (part !== 'sync' && request.method !== 'OPTIONS') return false;
      // After a preflight that failed, a page could not read why.
      if (isAccepting || request.method === 'OPTIONS') return channels.answer(request, response, appID);
      refuse(response, 503, notAccepting);
      return true;
    },
    failed,
  });
  // All connections come from the proxy.
  const socketLimits = options.trustProxy ? { ...limits, connectionsPerAddress: Infinity } : limits;
  const listen = (onPort: number, answers: Parameters<typeof openOwnServer>[2], setting?: string) =>
    openOwnServer(
      host,
      onPort,
      answers,
      socketLimits,
      (error) => failed('Could not accept a connection', error),
      setting,
    );
  const door = options.server ? enterServer(options.server as Server, front) : await listen(port, front);
  let metricsDoor: Door | undefined;
  let adminDoor: Door | undefined;
  try {
    if (admin) {
      const token = await openAdminToken(admin.tokenFile);
      adminDoor = await openOwnServer(
        '127.0.0.1',
        admin.port,
        createAdminFront({
          token,
          relay: () => serving && relays && { ...serving, drain, relays: relays.read },
          clock,
          logger,
        }),
        limits,
        (error) => failed('Could not accept a connection of an admin', error),
        'ADMIN_PORT',
      );
    }
    if (metricsPort !== undefined) {
      metricsDoor = await listen(
        metricsPort,
        createMetricsFront({ metrics: metrics.read, failed }),
        'METRICS_PORT',
      );
    }
    database = await openDatabase(place, logger, { statementMs, diskReserveMB, lanes, lockMs, listenUrl });
    serving = await startServing(database, limits, logger, metrics, {
      memoryBytes,
      agent,
      minAppVersion: options.minAppVersion,
      inspect: options.inspect ?? false,
      auth,
      authorize,
      quota,
      isAudience,
      backupDays,
      appIDs,
      busUrl,
      stateDirectory: stateDirectoryOf(place, options.stateDirectory),
    });
    const { users } = serving;
    relays = await createRelayList({
      ...{ database, urls: options.publicUrls ?? [], clock, logger },
      clients: () => users().length,
    });
    isAccepting = true;
  } catch (error) {
    await closeDoors();
    await database?.close();
    throw error;
  }

  async function closeDoors(): Promise<void> {
    await Promise.all([door.close(), metricsDoor?.close(), adminDoor?.close()]);
  }

  /** For the admin, whose connection this closes, too. */
  function drain(): void {
    setImmediate(() => {
      closeOnce().catch((error: unknown) => failed('Could not stop as the admin asked', error));
    });
  }

  function readHealth(): Health {
    const now = serving?.state();
    const reasons: readonly Reason[] = [
      ...(serving ? serving.reasons() : (['starting'] as const)),
      ...(closing ? (['draining'] as const) : []),
    ];
    return {
      status: closing ? 'draining' : !serving ? 'starting' : reasons.length > 0 ? 'failing' : 'ok',
      ready: reasons.length === 0,
      reasons,
      ...(now && { oldestPendingMs: Math.round(now.oldestPendingMs) }),
      ...(now?.busHeardMs !== undefined && { busHeardMs: Math.round(now.busHeardMs) }),
      storage: {
        kind: place.kind,
        ...(database && { durability: database.durability }),
        ...(now && { pending: now.pending }),
        ...(now?.isFailing && {
          error: reasons.includes('disk')
            ? 'The disk is almost full. The relay takes content again when there is room.'
            : 'The database is not responding correctly. Retrying automatically.',
        }),
      },
      connections: now?.connections ?? 0,
      uptimeMs: Date.now() - startedAtMs,
      version: kernelVersion,
    };
  }

  /** Answers `/health` until the end: connections that are refused would look like a relay that has crashed. */
  async function close({ drain }: Serving): Promise<void> {
    if (drainDelayMs > 0) await new Promise<void>((resolve) => clock.after(drainDelayMs, resolve));
    isAccepting = false;
    endWarnings();
    stateless.drain();
    const untilMs = clock.nowMs() + drainMs;
    const left = list.leave();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(drainMs, resolve);
      void stateless.idle().then(() => {
        cancel();
        resolve();
      });
    });
    await left;
    try {
      await drain(Math.max(0, untilMs - clock.nowMs()));
    } finally {
      await closeDoors();
    }
  }

  const running = serving;
  const list = relays;

  function closeOnce(): Promise<void> {
    closing ??= close(running);
    return closing;
  }

  const endWarnings = warnHourly(warnings, logger, clock);
  return {
    get url() {
      return door.url;
    },
    get port() {
      return door.port;
    },
    failed: running.failed,
    ...createBlocking({ ...running, drain, relays: list.read }, clock),
    close: closeOnce,
  };
}

function readAuthorize(authorize: RelayOptions['authorize']): RelayOptions['authorize'] {
  if (authorize === undefined || typeof authorize === 'function') return authorize;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    '`authorize` is not a function. Pass one that returns whether a client may load or send a CoValue, or leave this option out.',
  );
}

function samePort(port: number) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `The metrics cannot have port ${port}, on which the relay serves its clients. Choose another port for the metrics (METRICS_PORT), or leave this setting out.`,
  );
}
