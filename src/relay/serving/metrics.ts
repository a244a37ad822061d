import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuthorizeOutcome } from '../authorize/ask-within.ts';
import type { ReceivedMessage } from '../../wire/frames.ts';
import type { BatchWriterOptions } from '../storage/commits/batch-writer.ts';
import type { NamespaceState } from '../namespace/namespace.ts';
import type { DatabaseFigures } from '../database/database.ts';
import type { WireMeasure } from '../client/wire-measure.ts';

/** The values of the gauges, read on request. The fields of `NamespaceState` are those of all namespaces together. */
export interface RelayState extends NamespaceState {
  /** By app; undefined for the default one. */
  readonly namespaces: ReadonlyMap<string | undefined, NamespaceState>;
  readonly connections: number;
  readonly database: DatabaseFigures;
  /** In bytes, by use, with the limit. */
  readonly memory: Readonly<Record<string, number>>;
  readonly isFailing: boolean;
}

export interface Metrics {
  /** What the namespace of an app counts; undefined for the default one. */
  of(appID: string | undefined): NamespaceMeasures;
  /** Counts a page that was refused because of its origin. No label names an app, which any page could invent. */
  refusedOrigin(): void;
  /** Counts an answer of the operator's `authorize`. */
  decided(outcome: AuthorizeOutcome): void;
  read(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface NamespaceMeasures {
  readonly wire: WireMeasure;
  readonly committed: NonNullable<BatchWriterOptions['committed']>;
}

/** Absent from what belongs to the default namespace, or to no app. */
const appLabel = (appID: string | undefined) => (appID === undefined ? {} : { app: appID });

/** The metrics of one relay. `state` returns undefined until the relay serves clients. */
export function createMetrics(state: () => RelayState | undefined): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const messages = new Counter({
    name: 'maia_relay_messages_total',
    help: 'Messages, by kind and direction.',
    labelNames: ['kind', 'direction', 'app'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'maia_relay_refused_total',
    help: 'Refusals sent to clients, by code.',
    labelNames: ['code', 'app'] as const,
    registers,
  });
  const refusedSessions = new Counter({
    name: 'maia_relay_refused_sessions_total',
    help: 'Sessions of a client whose content was not admitted, by reason.',
    labelNames: ['reason', 'app'] as const,
    registers,
  });
  const decisions = new Counter({
    name: 'maia_relay_authorize_total',
    help: 'Answers of `authorize`: yes, no, timeout or error.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const commitSeconds = new Histogram({
    name: 'maia_relay_commit_seconds',
    help: 'Duration of storage commits in seconds.',
    labelNames: ['app'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const batchMessages = new Histogram({
    name: 'maia_relay_commit_messages',
    help: 'Messages per commit.',
    labelNames: ['app'] as const,
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000],
    registers,
  });
  const batchBytes = new Histogram({
    name: 'maia_relay_commit_bytes',
    help: 'Bytes of content per commit.',
    labelNames: ['app'] as const,
    buckets: [1e3, 1e4, 1e5, 1e6, 1e7],
    registers,
  });
  const watched: readonly [name: string, help: string, (now: RelayState) => number | undefined][] = [
    ['connections', 'Connected clients.', (now) => now.connections],
    ['storage_failing', '1 while commits fail and are retried.', (now) => Number(now.isFailing)],
    [
      'database_waiting',
      'Statements and transactions that wait for a connection to PostgreSQL.',
      (now) => now.database.waiting,
    ],
    ['database_log_bytes', 'Log of PGlite since its last checkpoint.', (now) => now.database.logBytes],
    ['disk_free_bytes', 'Free space on the disk of PGlite.', (now) => now.database.diskFreeBytes],
  ];
  for (const [name, help, value] of watched) {
    const gauge: Gauge = new Gauge({
      name: `maia_relay_${name}`,
      help,
      registers,
      collect() {
        const now = state();
        const found = now && value(now);
        if (found === undefined) gauge.remove();
        else gauge.set(found);
      },
    });
  }
  const ofNamespaces: readonly [name: string, help: string, (now: NamespaceState) => number | undefined][] = [
    ['queue_messages', 'Messages waiting to be committed.', (now) => now.pending],
    ['queue_bytes', 'Bytes of content waiting to be committed.', (now) => now.pendingBytes],
    ['set_aside', 'CoValues whose commit waits for a lock of another transaction.', (now) => now.setAside],
    [
      'oldest_pending_seconds',
      'How long the oldest content has waited for its commit.',
      (now) => now.oldestPendingMs / 1_000,
    ],
    ['commits_running', 'Commits under way.', (now) => now.commitsRunning],
    ['covalues', 'CoValues in memory, including requested ones that were not found.', (now) => now.coValues],
    ['epochs', 'How often the storage got another epoch.', (now) => now.epochs],
    [
      'bus_heard_seconds',
      'How long ago this relay received a notice of its own.',
      (now) => inSeconds(now.busHeardMs),
    ],
    [
      'log_read_seconds',
      'How long ago this relay read the log of what others committed.',
      (now) => inSeconds(now.logReadMs),
    ],
  ];
  for (const [name, help, value] of ofNamespaces) {
    const gauge: Gauge<'app'> = new Gauge({
      name: `maia_relay_${name}`,
      help,
      labelNames: ['app'] as const,
      registers,
      collect() {
        // One that is idle is closed.
        gauge.reset();
        for (const [appID, now] of state()?.namespaces ?? []) {
          const found = value(now);
          if (found !== undefined) gauge.set(appLabel(appID), found);
        }
      },
    });
  }
  const memory: Gauge<'use'> = new Gauge({
    name: 'maia_relay_memory_bytes',
    help: 'Memory that counts for the limit, in bytes, by use; and the limit.',
    labelNames: ['use'] as const,
    registers,
    collect() {
      for (const [use, bytes] of Object.entries(state()?.memory ?? {})) memory.set({ use }, bytes);
    },
  });
  const connections: Gauge<'state'> = new Gauge({
    name: 'maia_relay_database_connections',
    help: 'Connections to PostgreSQL, by state.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      for (const [name, count] of Object.entries(state()?.database.connections ?? {}))
        connections.set({ state: name }, count);
    },
  });
  const all = Registry.merge([registry, processRegistry()]);

  /** Kept while a namespace is closed. */
  const measures = new Map<string | undefined, NamespaceMeasures>();

  function createMeasures(appID: string | undefined): NamespaceMeasures {
    const app = appLabel(appID);
    for (const histogram of [commitSeconds, batchMessages, batchBytes]) histogram.zero(app);
    return {
      wire: {
        received: (message) => messages.inc({ kind: kindOf(message), direction: 'in', ...app }),
        sent: (kind) => messages.inc({ kind, direction: 'out', ...app }),
        refused: (code) => refused.inc({ code, ...app }),
        refusedContent: (reason) => refusedSessions.inc({ reason, ...app }),
      },
      committed(commit) {
        commitSeconds.observe(app, commit.tookMs / 1_000);
        batchMessages.observe(app, commit.messages);
        batchBytes.observe(app, commit.bytes);
      },
    };
  }

  return {
    of(appID) {
      const known = measures.get(appID) ?? createMeasures(appID);
      measures.set(appID, known);
      return known;
    },
    refusedOrigin: () => refused.inc({ code: 'origin' }),
    decided: (outcome) => decisions.inc({ outcome }),
    read: async () => ({ contentType: all.contentType, body: await all.metrics() }),
  };
}

const inSeconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);

function kindOf(received: ReceivedMessage): string {
  switch (received.kind) {
    case 'sync':
      return received.message.action;
    case 'maia':
      return received.frame.maia;
    case 'ping':
    case 'ignored':
      return received.kind;
  }
}

let sharedProcessRegistry: Registry | undefined;

/** Metrics of the process, such as event loop lag. Their observers never stop, so all relays share one set. */
function processRegistry(): Registry {
  if (!sharedProcessRegistry) {
    sharedProcessRegistry = new Registry();
    collectDefaultMetrics({ register: sharedProcessRegistry });
  }
  return sharedProcessRegistry;
}
