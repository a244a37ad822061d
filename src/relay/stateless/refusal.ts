import type { RefusalCode } from '../../wire/frames.ts';

type StatelessCode =
  | Extract<
      RefusalCode,
      | 'invalid'
      | 'unauthorized'
      | 'expired'
      | 'forbidden'
      | 'clock'
      | 'outdated'
      | 'limit'
      | 'quota'
      | 'too-large'
      | 'storage'
      | 'draining'
    >
  | 'not-found'
  | 'conflict'
  | 'dependency';

const statuses: Readonly<Record<StatelessCode, number>> = {
  invalid: 400,
  unauthorized: 401,
  expired: 401,
  forbidden: 403,
  clock: 403,
  outdated: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  dependency: 422,
  limit: 429,
  quota: 429,
  storage: 503,
  draining: 503,
};

/** A session of which a push does not continue what the relay has. */
export interface Conflict {
  readonly id: string;
  readonly sessionID: string;
  /** How many of its transactions the relay has. */
  readonly have: number;
  readonly after: number;
  /** `gap`: those between are missing. `fork`: the relay has others at the same place. */
  readonly why: 'gap' | 'fork';
}

/** A session that the relay does not take. */
export interface RefusedSession {
  readonly id: string;
  readonly sessionID: string;
}

/** Answers a request with an error. No field repeats anything of what the client sent but IDs. */
export class StatelessRefusal extends Error {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: StatelessCode,
    message: string,
    readonly more: {
      readonly retryAfterMs?: number | undefined;
      readonly conflicts?: readonly Conflict[];
      readonly ids?: readonly string[];
      /** Those of `ids` that are refused. Without them, `ids` are refused as a whole. */
      readonly sessions?: readonly RefusedSession[];
    } = {},
  ) {
    super(message);
    this.status = statuses[code];
    this.retryAfterMs = more.retryAfterMs;
  }

  body() {
    const { retryAfterMs, ...more } = this.more;
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      },
      ...more,
    };
  }
}

/** The cursor is of another epoch, or the log does not go back so far: the client pulls everything once. */
export class Resync extends Error {}

const retryMs = 1_000;

export function storageFailed(reason = 'The relay cannot use its storage at the moment.'): StatelessRefusal {
  return new StatelessRefusal('storage', `${reason} Send the same request again.`, { retryAfterMs: retryMs });
}

export function stopping(code: 'draining' | 'storage'): StatelessRefusal {
  return new StatelessRefusal(code, 'The relay is starting or stopping. Send the same request again.', {
    retryAfterMs: retryMs,
  });
}

/** Throws a `StatelessRefusal` if the relay serves no clients. */
export function checkServing({ hindrance }: { hindrance(): string | undefined }): void {
  const reason = hindrance();
  if (reason !== undefined) throw storageFailed(reason);
}

/** A lookup serves to load a few CoValues on a connection, and its agent is no user yet. */
export function noLookups(): StatelessRefusal {
  return new StatelessRefusal('forbidden', 'A lookup needs a connection. Sign in as the account.');
}

export function busy(reason: string): StatelessRefusal {
  return new StatelessRefusal('limit', `${reason} Send the same request again later.`, {
    retryAfterMs: retryMs,
  });
}
