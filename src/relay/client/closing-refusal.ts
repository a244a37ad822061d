import { encodeFrame, type RefusalCode } from '../../wire/frames.ts';
import type { ClientSocket } from './client-socket.ts';

// RFC 6455, 7.4.1, and the registry of close codes: policy violation, message too big, service restart.
const closeCodes: Partial<Record<RefusalCode, number>> = { 'too-large': 1009, draining: 1012 };
const policyViolation = 1008;

/** Up to half more or less, so that thousands of clients that are refused at once do not return at once. */
export function spread(retryAfterMs: number, random: () => number): number {
  return Math.round(retryAfterMs * (0.5 + random()));
}

/** Sends the reason and closes the socket with the matching code, for clients that do not read frames. */
export function closeWithRefusal(
  socket: Pick<ClientSocket, 'send' | 'close'>,
  code: RefusalCode,
  reason: string,
  retryAfterMs?: number,
  closeCode = closeCodes[code] ?? policyViolation,
): void {
  const retry = retryAfterMs !== undefined && { retryAfterMs };
  socket.send(encodeFrame({ maia: 'refused', code, reason, ...retry, closing: true }));
  socket.close(closeCode);
}
