import { unreachable } from '../../base/assert.ts';
import type { Reason } from './reason.ts';
import { adviceOnRefusal } from '../refusal-advice.ts';
import type { PlainError } from '../snapshot.ts';

/** What a person can do about a reason; `control` names the inspector's control that does it. */
export interface NextStep {
  readonly advice: string;
  readonly control?: 'resume' | 'reconnect' | 'repair';
}

export function nextStepFor(reason: Reason): NextStep {
  switch (reason.kind) {
    case 'refused':
      return {
        advice: reason.refusal === undefined ? adviceOf(reason.error) : adviceOnRefusal(reason.refusal),
      };
    case 'not-saved':
    case 'withheld':
      return { advice: adviceOf(reason.error) };
    case 'skipped':
      return {
        advice:
          'Reload the page: a new session asks the relay anew. If it comes back, somebody wrote what nobody can verify, and the relay’s operator has to look at this CoValue.',
      };
    case 'asked-again':
      return {
        advice: 'Wait a moment. If it stays, the answer does not get through: look at Queues and Peers.',
      };
    case 'relay-failed':
      return { advice: adviceOf(reason.error), control: 'reconnect' };
    case 'signed-out':
      return { advice: 'Sign in: what this device holds goes out then.' };
    case 'no-server-peer':
      return {
        advice:
          "Give the node a relay: call `setupSyncPeers({ node, url })`, or add a peer with `role: 'server'` and `persistent: true`.",
      };
    case 'out-of-date':
      return { advice: adviceOnTracker(reason.waitsFor), control: 'repair' };
    case 'off':
      if (reason.by) {
        return {
          advice:
            "Call `setupSyncPeers({ node, url })` to sync it all the same, or make the node with `syncWhen: 'always'` and a server peer.",
        };
      }
      return {
        advice:
          'Call `setupSyncPeers({ node, url })` to start it now. For good, open the session with a relay, or leave `sync` out to use the default one.',
      };
    case 'paused':
      return { advice: 'Resume. Until then edits are saved on this device only.', control: 'resume' };
    case 'no-relay':
      return { advice: reason.error?.message ?? 'Give sync a relay: `setupSyncPeers({ node, url })`.' };
    case 'closed':
      return {
        advice:
          'Open the session again, or call `setupSyncPeers` for this node. Where the app adds the peer itself, add it again, or take it away with `removePeer` where it does not come back.',
      };
    case 'offline':
      return { advice: 'Nothing. It goes out by itself when the network is back.' };
    case 'not-connected':
      return {
        advice: reason.error?.message ?? 'Wait for the next attempt, or try now.',
        control: 'reconnect',
      };
    case 'connecting':
      return {
        advice: 'Wait for the connection. If it never comes, see that a relay answers at this address.',
      };
    case 'queued':
    case 'draining':
      return { advice: 'Wait, or look at Queues: high priority goes first, always, and low can starve.' };
    case 'sending':
      return { advice: 'Wait a moment.' };
    case 'unconfirmed':
      return { advice: 'Wait for the relay’s answer. If it takes long, see the relay’s log.' };
    case 'not-durable':
      return { advice: 'Wait for the relay’s storage. If it takes long, see the relay’s log.' };
    case 'saving':
      return { advice: 'Wait a moment. If it takes long, another tab may be holding the database.' };
    case 'arrived':
      return { advice: 'Nothing.' };
    default:
      return unreachable(reason);
  }
}

function adviceOnTracker(waitsFor: readonly string[]): string {
  const repair = 'Repair it: cojson then says what is so. Nothing is sent or lost by that.';
  return waitsFor.includes('any')
    ? `${repair} It comes back with each edit until a server peer is \`persistent\`.`
    : repair;
}

/** A KernelError's message says what happened and then what to do. */
function adviceOf(error: PlainError | undefined): string {
  return error?.message ?? 'See the app’s log for the error behind it.';
}
