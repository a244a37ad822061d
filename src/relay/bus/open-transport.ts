import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { BusTransport, BusTransportListener } from './bus-transport.ts';
import { openNatsTransport } from './nats-transport.ts';
import { openPostgresTransport } from './postgres-transport.ts';

export interface BusPlace {
  readonly database: Required<Pick<Database, 'listen'>>;
  readonly storageID: string;
  /** The address of a NATS server. Default: PostgreSQL's own notifications. */
  readonly busUrl: string | undefined;
  readonly logger: Logger;
}

/** Each has a subject. */
export type BusTopic = 'commits' | 'presence';

/** Rejects if it cannot be opened. */
export function openTransport(
  { database, storageID, busUrl, logger }: BusPlace,
  topic: BusTopic,
  on: BusTransportListener,
): Promise<BusTransport> {
  return busUrl === undefined
    ? openPostgresTransport(database.listen, topic, on)
    : openNatsTransport(busUrl, `maia-relay.${storageID}.${topic}`, on, logger);
}
