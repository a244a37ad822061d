import type { Outage } from '../snapshot/relay-facts.ts';
import type { Reason } from '../snapshot/unsynced-row.ts';

/** Why a CoValue is not synced, for programs: the reason's kind or, if no relay can be reached, the outage's. */
export type Cause = Reason['kind'] | Outage['kind'];

export function causeOf(reason: Reason): Cause {
  if (reason.kind === 'silent') return 'relay-silent';
  return reason.kind === 'not-connected' && reason.outage ? reason.outage.kind : reason.kind;
}
