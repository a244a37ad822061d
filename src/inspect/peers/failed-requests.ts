import { isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { refusalOf } from '../../wire/refusal-code.ts';
import type { ChannelMoment, SyncInspection } from '../../sync/inspection.ts';
import type { PeerStatus } from '../../sync/peer-status.ts';
import { listenToFrames } from '../shared/taps.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import { withoutURLSecrets } from '../shared/url-secrets.ts';
import type { FailedRequest } from '../snapshot/relay-facts.ts';

/** The requests to each relay that failed since its last lasting connection. */
export interface FailedRequests {
  /** Latest first. While connected, only those since the connection began. */
  of(relayID: string): readonly FailedRequest[];
  note(peers: readonly PeerStatus[], atMs: number): void;
  close(): void;
}

/** More addresses and transports than a relay has. */
const maxRequests = 6;
const maxSaid = 200;
/** A shorter connection counts as one more failure and does not reset the count. */
const lastingMs = 30_000;

export function createFailedRequests(inspection: SyncInspection): FailedRequests {
  const byRelayID = new Map<string, readonly FailedRequest[]>();
  const connectedSinceMs = new Map<string, number>();
  const openChannels = new Set<number>();
  const close = listenToFrames(inspection, (moment) => {
    if (moment.kind === 'opened') openChannels.add(moment.channel);
    if (moment.kind !== 'closed') return;
    const hasOpened = openChannels.delete(moment.channel);
    if (moment.error.code !== 'ABORTED') add(moment, hasOpened);
  });

  function add(moment: Extract<ChannelMoment, { kind: 'closed' }>, hasOpened: boolean): void {
    const { peerID, transport, atMs, error } = moment;
    const url = withoutURLSecrets(moment.url);
    forgetSettled(peerID, atMs);
    const earlier = byRelayID.get(peerID) ?? [];
    const same = earlier.find((request) => request.transport === transport && request.url === url);
    const request: FailedRequest = {
      ...{ transport, url, hasOpened, atMs },
      sinceMs: same?.sinceMs ?? atMs,
      times: (same?.times ?? 0) + 1,
      ...answerIn(error),
      error: toPlainError(error),
    };
    byRelayID.set(peerID, [request, ...earlier.filter((other) => other !== same)].slice(0, maxRequests));
  }

  function ofCurrentConnection(relayID: string): readonly FailedRequest[] {
    const sinceMs = connectedSinceMs.get(relayID) ?? -Infinity;
    return (byRelayID.get(relayID) ?? []).filter(({ atMs }) => atMs > sinceMs);
  }

  function forgetSettled(relayID: string, nowMs: number): void {
    if (nowMs - (connectedSinceMs.get(relayID) ?? nowMs) < lastingMs) return;
    byRelayID.set(relayID, ofCurrentConnection(relayID));
  }

  return {
    of: ofCurrentConnection,
    note(peers, atMs) {
      for (const peer of peers) {
        forgetSettled(peer.id, atMs);
        if (peer.phase === 'connected') connectedSinceMs.set(peer.id, peer.sinceMs);
        else connectedSinceMs.delete(peer.id);
      }
    },
    close,
  };
}

/** The server's answer, if the error contains it. */
function answerIn(
  error: KernelError,
): Pick<FailedRequest, 'status' | 'type' | 'closeCode' | 'refusal' | 'said'> {
  const refused = refusalOf(error);
  if (refused) return { refusal: refused.refusal, ...saidIn(refused.reason) };
  const hasAnswer =
    isKernelError(error, 'RELAY_UNREACHABLE') ||
    isKernelError(error, 'RELAY_NOT_A_RELAY') ||
    isKernelError(error, 'MESSAGE_TOO_LARGE');
  if (!hasAnswer) return {};
  const { status, type, code, reason } = error.details;
  return {
    ...(status !== undefined && { status }),
    ...(type && { type }),
    ...(typeof code === 'number' && { closeCode: code }),
    ...(typeof reason === 'string' && saidIn(reason)),
  };
}

function saidIn(reason: string): Pick<FailedRequest, 'said'> {
  return reason === '' ? {} : { said: reason.slice(0, maxSaid) };
}
