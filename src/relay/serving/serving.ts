import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { RefusalCode } from '../../wire/frames.ts';
import type { Principal } from '../auth/principal.ts';
import { createSignInMethods, type AuthRules } from '../auth/sign-in-methods.ts';
import { createAuthorizer } from '../authorize/authorizer.ts';
import type { Authorize } from '../authorize/ask-within.ts';
import type { ClientSocket } from '../client/client-socket.ts';
import { reconnectAfterMs } from '../client/client-messages.ts';
import { closeWithRefusal, spread } from '../client/closing-refusal.ts';
import { maxLateBytes } from '../client/reading/arrival-limit.ts';
import { watchIncomingFrame, type IncomingFrame } from '../client/reading/incoming-frame.ts';
import { createReadTurns } from '../client/reading/read-turns.ts';
import { maxFrameBytes } from '../config/limits.ts';
import type { RelayLimits } from '../config/relay-options.ts';
import type { Database } from '../database/database.ts';
import { createMemoryBudget } from '../memory/memory-budget.ts';
import type { Guest, Namespace, NamespaceOptions, Shared } from '../namespace/namespace.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import { createNamespaces } from '../namespace/namespaces.ts';
import { accountIDOf } from '../auth/verify-proof.ts';
import { enforceRestrictions } from '../operator/enforce-restrictions.ts';
import type { Restrictions } from '../operator/restrictions.ts';
import type { Quota } from '../quota/quota.ts';
import { createQuotas, type Quotas } from '../quota/quotas.ts';
import { createAdmission } from './admission.ts';
import { createEnding } from './ending.ts';
import { servingReasons, type ServingReason } from './health.ts';
import { keepAlive } from './keep-alive.ts';
import type { Metrics, RelayState } from './metrics.ts';
import { createRelayCrypto } from './native-crypto.ts';

export interface Serving {
  state(): RelayState;
  /** Why the relay is not ready. */
  reasons(): readonly ServingReason[];
  upgrade(request: IncomingMessage, client: ClientPlace, socket: Duplex, head: Buffer): void;
  open(socket: ClientSocket, client: ClientPlace, incoming?: IncomingFrame): void;
  /** Why no further connection of this address may come in; undefined if one may. */
  admissionRefusal(address: string): string | undefined;
  /** Counts, pings and disconnects a socket of another kind like a client. Call the result once, when the socket is closed. */
  join(guest: Guest, client: ClientPlace): () => void;
  /** For one request without a connection. Resolves with undefined if it cannot be answered at present. */
  visit(appID: string | undefined): Promise<Visit | undefined>;
  /** Opens what the clients of an app need. Resolves with false if it cannot at present. */
  prepare(appID: string | undefined): Promise<boolean>;
  readonly restrictions: Restrictions;
  /** Undefined if clients need not sign in. */
  readonly quotas: Quotas | undefined;
  /** What clients of an app have stored. Rejects if the database fails, or serves no such app. */
  usageOf(appID: string | undefined): Promise<Namespace['usage']>;
  /** Those who have signed in, once for each connection; undefined for each client that has not. */
  users(): readonly (Principal | undefined)[];
  /** Resolves when the process can no longer check or store content. */
  readonly failed: Promise<Error>;
  /** Commits and acknowledges accepted content, disconnects the clients and closes the database, all within `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

/** The namespace stays open until the end of the visit. */
export interface Visit {
  /** Undefined if the relay does not serve the app. */
  readonly tools: StatelessTools | undefined;
  /** Call it once. */
  end(): void;
}

/** Where a client comes from, and what it wants. */
export interface ClientPlace {
  readonly address: string;
  /** Undefined for the default namespace. */
  readonly appID?: string | undefined;
}

export interface ServingOptions extends NamespaceOptions {
  /** The apps that have a namespace. */
  readonly appIDs?: readonly string[] | undefined;
  /** Whether a client that dialled this address meant this relay, and this app. */
  isAudience?(url: string, appID: string | undefined): boolean;
  /** Undefined if clients need not sign in. */
  readonly auth?: AuthRules | undefined;
  /** Undefined if clients may load and send everything. */
  readonly authorize?: Authorize | undefined;
  /** How much each of those who sign in may store in a namespace; undefined if operators limit only some. */
  readonly quota?: Quota | undefined;
  /** How much memory clients and loaded CoValues may take. */
  readonly memoryBytes: number;
  /** Returns a number in [0, 1). */
  readonly random?: () => number;
}

const clock = systemClock;
/** Of one message. Each costs memory, however short it is. */
const maxFragments = 1_024;
/** With these, what clients send may not be committed. */
const failures: ReadonlySet<ServingReason> = new Set(['ending', 'commits', 'disk', 'identity', 'bus']);
/** From the registry of WebSocket close codes. */
const tryAgainLater = 1013;

export async function startServing(
  database: Database,
  limits: RelayLimits,
  logger: Logger,
  metrics: Pick<Metrics, 'of' | 'decided'>,
  options: ServingOptions,
): Promise<Serving> {
  const { random = Math.random, memoryBytes, authorize } = options;
  const connections = new Map<string, Guest>();
  const ending = createEnding(connections, logger);
  const admission = createAdmission(limits, clock);
  const crypto = await createRelayCrypto(logger);
  const memory = createMemoryBudget({
    limitBytes: memoryBytes,
    clock,
    loadedBytes: () => sumOf((namespace) => namespace.loadedBytes()),
    pendingBytes: () => sumOf((namespace) => namespace.pendingBytes()),
    evict() {
      for (const namespace of namespaces.all()) namespace.evict();
    },
  });
  const restrictions = enforceRestrictions({
    ...{ database, connections, clock, logger },
    accountIDOf: (agentID) => accountIDOf(agentID, crypto),
    changed: () => namespaces.find(undefined)?.publishRestriction(),
    applied() {
      for (const namespace of namespaces.all()) namespace.restricted();
    },
  });
  const quotas =
    options.auth &&
    createQuotas({
      ...{ database, usual: options.quota, clock, logger },
      on: {
        applied() {
          for (const namespace of namespaces.all()) namespace.quotasChanged();
        },
        changed: () => namespaces.find(undefined)?.publishRestriction(),
      },
    });
  const signInMethodsOf =
    options.auth &&
    (await createSignInMethods(options.auth, {
      ...{ crypto, clock, logger },
      keepsClaims: authorize !== undefined,
    }));
  const shared: Shared = {
    ...{ crypto, limits, memory, restrictions, quotas, random, logger, clock },
    authorizer: authorize && createAuthorizer({ authorize, clock, logger, decided: metrics.decided }),
    measuresOf: metrics.of,
    turns: createReadTurns(),
    signInLimits: admission,
    signInMethodsOf,
    isAudience: options.isAudience ?? (() => false),
    trapped: ending.trapped,
    ending: () => ending.refusal,
  };
  const namespaces = createNamespaces(database, shared, options);
  const sumOf = (value: (namespace: Namespace) => number) =>
    namespaces.all().reduce((sum, namespace) => sum + value(namespace), 0);
  try {
    await namespaces.open(undefined);
  } catch (error) {
    restrictions.stop();
    quotas?.stop();
    memory.stop();
    throw error;
  }
  database.onTakenOver?.(ending.takenOver);
  namespaces.resume();

  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes(limits),
    maxFragments,
  });
  const pings = keepAlive(clock);
  let openedCount = 0;

  function refuseConnection(
    socket: ClientSocket,
    code: RefusalCode,
    reason: string,
    retryAfterMs: number | undefined,
    incoming: IncomingFrame | undefined,
  ): void {
    logger.debug('Refused a client', { code, reason });
    metrics.of(undefined).wire.refused(code);
    incoming?.onChange((bytes) => {
      if (bytes > maxLateBytes.stranger) socket.terminate();
    });
    socket.on('error', (error) => logger.debug('A refused connection failed', { error }));
    const spreadMs = retryAfterMs === undefined ? undefined : spread(retryAfterMs, random);
    closeWithRefusal(socket, code, reason, spreadMs, tryAgainLater);
  }

  /** Its namespace is prepared. */
  function open(socket: ClientSocket, { address, appID }: ClientPlace, incoming?: IncomingFrame): void {
    const refusal = admission.refusal(address);
    if (refusal !== undefined) return refuseConnection(socket, 'limit', refusal, reconnectAfterMs, incoming);
    const namespace = namespaces.find(appID);
    if (!namespace)
      return refuseConnection(
        socket,
        'forbidden',
        `This relay does not serve the app ${JSON.stringify(appID)}.`,
        undefined,
        incoming,
      );
    const hindrance = namespace.refusal();
    if (hindrance !== undefined) return refuseConnection(socket, 'storage', hindrance, 1_000, incoming);
    const leave = admission.enter(address);
    const id = `client-${++openedCount}`;
    let hasEnded = false;
    let endPings = () => {};
    const connection = namespace.serve({
      id,
      socket,
      incoming,
      address,
      ended() {
        hasEnded = true;
        leave();
        endPings();
        connections.delete(id);
        namespace.left(id);
      },
    });
    // During an outage, it is refused at once.
    if (hasEnded) return;
    connections.set(id, connection);
    endPings = pings.enter(connection);
    if (ending.refusal !== undefined) connection.refuse('storage', ending.refusal, 1_000);
  }

  function join(guest: Guest, { address, appID }: ClientPlace): () => void {
    const leave = admission.enter(address);
    const id = `client-${++openedCount}`;
    connections.set(id, guest);
    const endPings = pings.enter(guest);
    const leaveNamespace = namespaces.find(appID)?.join(guest);
    return () => {
      leave();
      endPings();
      connections.delete(id);
      leaveNamespace?.();
    };
  }

  async function visit(appID: string | undefined): Promise<Visit | undefined> {
    if (!(await namespaces.prepare(appID))) return undefined;
    const namespace = namespaces.find(appID);
    return { tools: namespace?.stateless, end: namespace?.hold() ?? (() => {}) };
  }

  function reasons(): readonly ServingReason[] {
    const found = new Set<ServingReason>(namespaces.all().flatMap((namespace) => namespace.reasons()));
    if (ending.refusal !== undefined) found.add('ending');
    if (memory.isTight()) found.add('memory');
    return servingReasons.filter((reason) => found.has(reason));
  }

  return {
    failed: ending.failed,
    restrictions,
    quotas,
    async usageOf(appID) {
      if (!(await namespaces.prepare(appID))) throw new Error('The namespace cannot be opened at present.');
      return namespaces.find(appID)?.usage;
    },
    users: () =>
      [...connections.values()].map((connection) => {
        const user = connection.user();
        return user?.kind === 'lookup' ? undefined : user;
      }),
    prepare: namespaces.prepare,
    reasons,
    state: () => ({
      ...namespaces.state(),
      namespaces: namespaces.states(),
      isFailing: reasons().some((reason) => failures.has(reason)),
      connections: connections.size,
      database: database.figures?.() ?? {},
      memory: { ...memory.uses(), limit: memory.limitBytes },
    }),
    upgrade(request, client, socket, head) {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        open(webSocket, client, watchIncomingFrame(socket, webSocket, clock)),
      );
    },
    open,
    admissionRefusal: admission.refusal,
    join,
    visit,
    async drain(withinMs) {
      await namespaces.drain(withinMs);
      pings.stop();
      restrictions.stop();
      quotas?.stop();
      memory.stop();
      await database.close();
    },
  };
}
