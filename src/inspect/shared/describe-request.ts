import type { FailedRequest } from '../snapshot/relay-facts.ts';
import { formatClock } from './clock-time.ts';
import { describeCause } from './describe-cause.ts';

/** Such as "WebSocket wss://eu.example/sync" or "GET https://eu.example/sync". */
export function formatRequest({ transport, url, hasOpened, status }: FailedRequest): string {
  if (transport === 'websocket') return `WebSocket ${url}`;
  if (transport !== 'http') return `${transport} ${url}`;
  // A channel over HTTP is one GET, which opens it and stays open, and a POST for what is sent.
  const method = !hasOpened ? 'GET' : status === undefined ? 'GET or POST' : 'POST';
  return `${method} ${url.replace(/^ws/, 'http')}`;
}

/** RFC 6455, 7.4.1, and IANA's registry. */
const closeCodes: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1005: 'no code sent',
  1006: 'no closing handshake',
  1008: 'policy violation',
  1009: 'message too big',
  1011: 'server error',
  1012: 'service restart',
  1013: 'try again later',
};

/** The answer, without a full stop: "HTTP 503, text/html", or "closed with code 1006 (no closing handshake)". */
export function describeAnswer(request: FailedRequest): string {
  const { hasOpened, status, type, closeCode, refusal, said, error } = request;
  const words = said === undefined ? '' : `: ${said}`;
  if (error.byFaultPlan) return describeCause(error);
  if (refusal !== undefined) return `refused (${refusal})${words}`;
  if (status === 0) return 'an answer that this page may not read';
  if (status !== undefined) return `HTTP ${status}${type === undefined ? '' : `, ${type}`}`;
  if (closeCode !== undefined) {
    const name = closeCodes[closeCode];
    const code = `${closeCode}${name === undefined ? '' : ` (${name})`}${words}`;
    return hasOpened ? `closed with code ${code}` : `not opened, close code ${code}`;
  }
  if (error.code === 'RELAY_UNREACHABLE' && request.transport === 'http')
    return hasOpened ? 'the connection broke' : 'no answer';
  return describeCause(error);
}

/** Such as "at 14:32:04", or "3 times since 14:31:02, last at 14:32:04". */
export function formatOccurrences({ times, sinceMs, atMs }: FailedRequest): string {
  if (times === 1) return `at ${formatClock(atMs)}`;
  return `${times.toLocaleString('en')} times since ${formatClock(sinceMs)}, last at ${formatClock(atMs)}`;
}

export function describeRequest(request: FailedRequest): string {
  return `${formatRequest(request)} failed ${formatOccurrences(request)}: ${describeAnswer(request)}.`;
}
