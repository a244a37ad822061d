import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { readBody } from '../client/http/read-body.ts';
import type { MemoryBudget } from '../memory/memory-budget.ts';
import type { Answer } from './deliver-answer.ts';
import { busy, StatelessRefusal } from './refusal.ts';

/** The memory that a request takes, until it is answered. */
export interface RequestMemory {
  /** So many bytes of what the client sent. */
  received(bytes: number): void;
  /** So many bytes of what is stored. */
  loaded(bytes: number): void;
  /** Throws a `StatelessRefusal` once the relay works on this request no more. */
  check(): void;
  /** Throws one as soon as memory is tight and this request takes more than its share. */
  checkShare(): void;
}

export interface RequestAccount extends RequestMemory {
  /** Undefined if more may arrive now; otherwise resolves once it may. */
  arrived(bytes: number): Promise<void> | undefined;
  /** The answer is made, and takes so many bytes. */
  sending(bytes: number): void;
  close(): void;
}

/**
 * `signal` is aborted with a `StatelessRefusal`, also by `refused`, which is called if the relay is short of memory and this request
 * takes most of it.
 */
export function openAccount(
  memory: MemoryBudget,
  signal: AbortSignal,
  refused: (refusal: StatelessRefusal) => void,
): RequestAccount {
  let wake = () => {};
  const account = memory.open({
    changed: () => wake(),
    refuse() {
      refused(shortOfMemory());
      wake();
    },
  });
  return {
    received: (bytes) => account.hold('received', bytes),
    loaded: (bytes) => account.hold('loads', bytes),
    check: () => signal.throwIfAborted(),
    checkShare() {
      signal.throwIfAborted();
      if (account.mustWait()) throw shortOfMemory();
    },
    arrived(bytes) {
      account.hold('unfinished', bytes);
      if (!account.mustWait() || signal.aborted) return undefined;
      return new Promise((resolve) => (wake = resolve));
    },
    sending(bytes) {
      account.hold('outgoing', bytes);
      account.hold('received', 0);
      account.hold('loads', 0);
    },
    close: account.close.bind(account),
  };
}

function shortOfMemory(): StatelessRefusal {
  return busy('The relay is short of memory, and this request takes more than its share.');
}

/** V8 needs two bytes for each character if one of them is not in Latin-1, the parsed text as much again, cojson the rest. */
const bytesPerByte = 7;

export interface BodyLimits {
  readonly maxBytes: number;
  readonly waitMs: number;
  readonly clock: Clock;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** Throws a `StatelessRefusal`; returns undefined if the client has gone. */
export async function readRequest(
  request: IncomingMessage,
  limits: BodyLimits,
  memory: RequestAccount,
): Promise<Buffer | undefined> {
  // The client may have gone while its namespace was opened or its token checked.
  if (request.destroyed) return undefined;
  const body = await readBody(request, { ...limits, arrived: memory.arrived });
  switch (body) {
    case 'too large':
      throw new StatelessRefusal('too-large', `The body is longer than ${limits.maxBytes} bytes.`);
    case 'too many chunks':
      throw new StatelessRefusal('too-large', 'The chunks of the body are too short.');
    case 'too slow':
      throw busy('The body arrived too slowly.');
    case 'broken':
      memory.check();
      return undefined;
    default:
      memory.check();
      memory.received(bytesPerByte * body.length);
      return body;
  }
}

export function answerOfRefusal(refusal: StatelessRefusal): Answer {
  const { status, retryAfterMs } = refusal;
  return {
    status,
    headers: {
      ...(retryAfterMs !== undefined && { 'retry-after': Math.ceil(retryAfterMs / 1_000) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    body: refusal.body(),
  };
}
