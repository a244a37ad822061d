import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Eviction } from '../serving/eviction.ts';
import type { Commits } from '../held-acknowledgements.ts';
import type { WireMeasure } from '../serving/metrics.ts';
import type { ReadingTurns } from './read-turns.ts';
import type { RelayLimits } from '../relay-options.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What a relay gives each connection. */
export interface ConnectionOptions {
  readonly id: string;
  readonly socket: ClientSocket;
  readonly node: LocalNode;
  readonly storage: Commits & Pick<SqlStorage, 'onceWritten' | 'readContent' | 'readCommitted'>;
  readonly measure: WireMeasure;
  readonly subscriptions: Subscriptions;
  readonly turns: ReadingTurns;
  readonly eviction: Pick<Eviction, 'notFound'>;
  readonly hello: HelloFrame;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Once, when the socket is closed. */
  ended(): void;
}
