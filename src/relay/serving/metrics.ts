import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ReceivedMessage, RefusalCode } from '../../wire/frames.ts';

/** What a connection tells of what passes through it. Kinds are a few fixed names, never text of a client. */
export interface WireMeasure {
  received(message: ReceivedMessage): void;
  sent(kind: string): void;
  refused(code: RefusalCode): void;
}

/** One transaction of the storage: how long it took, and how much was in it. */
export interface Commit {
  readonly tookMs: number;
  readonly messages: number;
  readonly bytes: number;
}

/** What is read at the moment somebody asks. */
export interface RelayState {
  readonly connections: number;
  readonly pending: number;
  readonly pendingBytes: number;
  readonly coValues: number;
  readonly isFailing: boolean;
}

export interface Metrics {
  readonly wire: WireMeasure;
  committed(commit: Commit): void;
  /** All of it, as Prometheus reads it. */
  read(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** One relay's own. `state` gives undefined while the relay does not serve yet. */
export function createMetrics(state: () => RelayState | undefined): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const messages = new Counter({
    name: 'maia_relay_messages_total',
    help: 'Messages, by kind and direction.',
    labelNames: ['kind', 'direction'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'maia_relay_refused_total',
    help: 'What clients were refused, by code.',
    labelNames: ['code'] as const,
    registers,
  });
  const commitSeconds = new Histogram({
    name: 'maia_relay_commit_seconds',
    help: 'How long a commit of the storage took.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const batchMessages = new Histogram({
    name: 'maia_relay_commit_messages',
    help: 'Messages that one commit wrote.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000],
    registers,
  });
  const batchBytes = new Histogram({
    name: 'maia_relay_commit_bytes',
    help: 'Bytes of content that one commit wrote.',
    buckets: [1e3, 1e4, 1e5, 1e6, 1e7],
    registers,
  });
  const watched: readonly [name: string, help: string, (now: RelayState) => number][] = [
    ['connections', 'Clients that are connected.', (now) => now.connections],
    ['queue_messages', 'Messages that wait for their commit.', (now) => now.pending],
    ['queue_bytes', 'Bytes of content that wait for their commit.', (now) => now.pendingBytes],
    ['covalues', 'CoValues that the relay has in memory, or was asked for.', (now) => now.coValues],
    ['storage_failing', '1 while commits fail and are tried again.', (now) => Number(now.isFailing)],
  ];
  for (const [name, help, value] of watched) {
    const gauge: Gauge = new Gauge({
      name: `maia_relay_${name}`,
      help,
      registers,
      collect() {
        const now = state();
        if (now) gauge.set(value(now));
      },
    });
  }
  const all = Registry.merge([registry, processRegistry()]);

  return {
    wire: {
      received: (message) => messages.inc({ kind: kindOf(message), direction: 'in' }),
      sent: (kind) => messages.inc({ kind, direction: 'out' }),
      refused: (code) => refused.inc({ code }),
    },
    committed(commit) {
      commitSeconds.observe(commit.tookMs / 1_000);
      batchMessages.observe(commit.messages);
      batchBytes.observe(commit.bytes);
    },
    read: async () => ({ contentType: all.contentType, body: await all.metrics() }),
  };
}

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

let ofProcess: Registry | undefined;

/** The process's own figures, the event loop's lag among them. Their observers never end, so there is one set of them. */
function processRegistry(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
