import { isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { refusalOf } from '../../wire/refusal-code.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import type { Outage } from '../snapshot/relay-facts.ts';

/** Why the last attempt or connection ended, from its error. */
export function outageOf(
  error: KernelError,
  {
    wasConnected,
    isOnline,
    lastReceivedMs,
  }: {
    readonly wasConnected: boolean;
    readonly isOnline: boolean;
    readonly lastReceivedMs: number | undefined;
  },
): Outage {
  const refused = refusalOf(error);
  if (refused) return { kind: 'relay-refused', refusal: refused.refusal, said: refused.reason };
  if (isKernelError(error, 'RELAY_SILENT')) {
    return { kind: 'relay-silent', ...(lastReceivedMs !== undefined && { sinceMs: lastReceivedMs }) };
  }
  if (isKernelError(error, 'RELAY_NOT_A_RELAY')) {
    const { status, type, isEcho } = error.details;
    return {
      kind: 'not-a-relay',
      ...(status !== undefined && { status }),
      ...(type && { type }),
      ...(isEcho && { isEcho }),
    };
  }
  if (isKernelError(error, 'RELAY_UNREACHABLE')) {
    const { status, host, byFaultPlan } = error.details;
    if (byFaultPlan) return { kind: 'faults' };
    if (status === 0) return { kind: 'unreadable' };
    if (status !== undefined && !wasConnected) return { kind: kindOfStatus(status), status };
    // Without a host, the page or the app's own transport prevented the attempt, and the message names the cause.
    if (host !== undefined) {
      if (!isOnline) return { kind: 'no-network' };
      return { kind: wasConnected ? 'connection-lost' : 'unreachable' };
    }
  }
  return { kind: 'other', error: toPlainError(error) };
}

function kindOfStatus(status: number) {
  if (status === 401 || status === 403) return 'not-allowed';
  if (status === 429) return 'rate-limited';
  if (status === 511) return 'network-login';
  // A proxy answers with 502 to 504 while it cannot reach the relay.
  return status < 500 || (status >= 502 && status <= 504) ? 'not-ready' : 'server-error';
}
