/** Why a relay is not ready: stable codes, which docs/operations.md explains. */
export type Reason = 'starting' | 'draining' | ServingReason;

/** The reasons of a relay that serves clients, in the order in which they are reported. */
export const servingReasons = ['ending', 'commits', 'backlog', 'disk', 'memory', 'bus', 'identity'] as const;
export type ServingReason = (typeof servingReasons)[number];

/** The response to `GET /health`: 200 while `ready`, otherwise 503. */
export interface Health {
  readonly status: 'starting' | 'ok' | 'failing' | 'draining';
  readonly ready: boolean;
  /** Why the relay is not ready; empty while it is. */
  readonly reasons: readonly Reason[];
  /** How long the oldest content has waited for its commit; 0 if none waits. */
  readonly oldestPendingMs?: number;
  /** How long ago other relays' notifications were last known to arrive. Absent if no other relay can use the database. */
  readonly busHeardMs?: number;
  readonly storage: {
    readonly kind: string;
    readonly durability?: string;
    /** Messages waiting to be committed. */
    readonly pending?: number;
    readonly error?: string;
  };
  readonly connections: number;
  readonly uptimeMs: number;
  readonly version: string;
}

/** From these, only a new process recovers. A lost database is not among them: each restart would lose the clients, too. */
const needRestart: readonly Reason[] = ['ending'];

const probes: Readonly<Record<string, (reason: Reason) => boolean>> = {
  '/health/startup': (reason) => reason === 'starting',
  '/health/live': (reason) => needRestart.includes(reason),
  '/health/ready': () => true,
};

export function isProbe(path: string): boolean {
  return Object.hasOwn(probes, path);
}

/** The reasons that concern this probe, which succeeds if there is none. Undefined if there is no probe at `path`. */
export function probeReasons(path: string, { reasons }: Health): readonly Reason[] | undefined {
  const concerns = isProbe(path) ? probes[path] : undefined;
  return concerns && reasons.filter(concerns);
}
