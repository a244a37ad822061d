import type { ChangeLog } from '../bus/change-log.ts';
import { createCommitBus, type CommitBus, type CommitBusListener } from '../bus/commit-bus.ts';
import { openTransport, type BusPlace } from '../bus/open-transport.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { CommitApplier } from './apply-commits.ts';

/** The other relays on the storage. */
export interface OtherRelays extends CommitBus {
  /** How long ago this relay last read what others committed from the log of the storage. */
  logReadMs(): number;
  /** The storage went back to an earlier state. */
  forget(): void;
}

export interface OtherRelaysOptions {
  readonly place: BusPlace;
  readonly log: ChangeLog;
  readonly applier: CommitApplier;
  readonly on: CommitBusListener;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Passes on what other relays commit. Rejects if it cannot hear them. */
export async function joinOtherRelays(options: OtherRelaysOptions): Promise<OtherRelays> {
  const { place, log, applier, clock, logger, on } = options;
  // The next reading has all later commits.
  await log.read();
  const bus = await createCommitBus({
    open: (listener) => openTransport(place, 'commits', listener),
    on: {
      ...on,
      committed(ids, pushedBy) {
        on.committed(ids, pushedBy);
        applier.apply(ids);
      },
      missed() {
        on.missed();
        applier.catchUp();
      },
    },
    clock,
    logger,
  });
  return {
    publish: bus.publish,
    publishRenewal: bus.publishRenewal,
    publishRestriction: bus.publishRestriction,
    get hearing() {
      return bus.hearing;
    },
    heardMs: bus.heardMs,
    logReadMs: log.ageMs,
    forget: log.reset,
    close: bus.close,
  };
}
