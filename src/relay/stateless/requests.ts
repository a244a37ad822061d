import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { readBody } from '../client/http/read-body.ts';
import type { MemoryBudget } from '../memory/memory-budget.ts';
import { busy, StatelessRefusal } from './refusal.ts';

/** The memory that a request takes, until it is answered. */
export interface RequestMemory {
  /** So many bytes of what the client sent. */
  received(bytes: number): void;
  /** So many bytes of what is stored. */
  loaded(bytes: number): void;
  /** Throws a `StatelessRefusal` once the relay is short of memory and this request takes more than its share. */
  check(): void;
}

interface Account extends RequestMemory {
  /** Undefined if more may arrive now; otherwise resolves once it may. */
  arrived(bytes: number): Promise<void> | undefined;
  close(): void;
}

export function openAccount(memory: MemoryBudget): Account {
  let isRefused = false;
  let wake = () => {};
  const account = memory.open({
    changed: () => wake(),
    refuse() {
      isRefused = true;
      wake();
    },
  });
  return {
    received: (bytes) => account.hold('received', bytes),
    loaded: (bytes) => account.hold('loads', bytes),
    check() {
      if (isRefused) throw busy('The relay is short of memory, and this request takes more than its share.');
    },
    arrived(bytes) {
      account.hold('unfinished', bytes);
      if (!account.mustWait() || isRefused) return undefined;
      return new Promise((resolve) => (wake = resolve));
    },
    close: account.close.bind(account),
  };
}

/** V8 needs two bytes for each character if one of them is not in Latin-1, the parsed text as much again, cojson the rest. */
const bytesPerByte = 7;

export interface BodyLimits {
  readonly maxBytes: number;
  readonly waitMs: number;
  readonly clock: Clock;
}

/** Throws a `StatelessRefusal`; returns undefined if the client has gone. */
export async function readRequest(
  request: IncomingMessage,
  limits: BodyLimits,
  memory: Account,
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
      return undefined;
    default:
      memory.check();
      memory.received(bytesPerByte * body.length);
      return body;
  }
}

export function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

export function sendRefusal(
  { complete }: IncomingMessage,
  response: ServerResponse,
  refusal: StatelessRefusal,
): void {
  const { status, retryAfterMs } = refusal;
  if (retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000));
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  // The rest of the body is not read.
  if (!complete) response.setHeader('connection', 'close');
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(refusal.body())}\n`);
}

export function sendResync(response: ServerResponse): void {
  response.writeHead(410, { 'content-type': 'application/json' }).end('{"resync":true}\n');
}
