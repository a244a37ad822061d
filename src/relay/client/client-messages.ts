import type { SyncMessage } from 'cojson';
import { isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import {
  encodeFrame,
  readMessage,
  type InspectFrame,
  type MaiaFrame,
  type RefusalCode,
} from '../../wire/frames.ts';
import { isOutdated } from '../config/app-version.ts';
import type { OpenLoads } from './open-loads.ts';
import type { WireMeasure } from './wire-measure.ts';
import type { RelayLimits } from '../config/relay-options.ts';

export interface ClientMessages {
  /** Handles one raw message. Never throws. */
  handle(line: string): void;
}

export interface ClientMessagesOptions {
  readonly id: string;
  readonly limits: Pick<RelayLimits, 'messageBytes'>;
  readonly measure: Pick<WireMeasure, 'received'>;
  readonly openLoads: Pick<OpenLoads, 'received'>;
  /** The oldest accepted app version; undefined if every version is accepted. */
  readonly minAppVersion: string | undefined;
  readonly logger: Logger;
  take(message: SyncMessage): void;
  /** Undefined if the relay does not offer it; queries are then ignored. */
  readonly inspect: ((frame: InspectFrame) => void) | undefined;
  /** Sends a frame ahead of all queued messages. */
  answer(frame: string): void;
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
}

/** When a client that exceeded its limits may reconnect. */
export const reconnectAfterMs = 10_000;

export function createClientMessages(options: ClientMessagesOptions): ClientMessages {
  const { id, limits, measure, openLoads, minAppVersion, logger } = options;
  const { take, inspect, answer, refuse } = options;
  let isAdmitted = minAppVersion === undefined;

  function receive(line: string): void {
    if (line.length > limits.messageBytes) {
      return refuse(
        'too-large',
        `A message of ${line.length} bytes exceeds the limit of ${limits.messageBytes}.`,
      );
    }
    const message = readMessage(line);
    measure.received(message);
    if (message.kind === 'sync') receiveSync(message.message);
    else if (message.kind === 'maia') receiveFrame(message.frame);
  }

  function receiveFrame(frame: MaiaFrame): void {
    if (frame.maia === 'echo') answer(encodeFrame({ maia: 'echoed', t: frame.t }));
    else if (frame.maia === 'inspect' && inspect) receiveInspect(frame, inspect);
    else if (frame.maia === 'hi' && minAppVersion !== undefined) {
      isAdmitted = !isOutdated(frame.appVersion, minAppVersion);
      if (!isAdmitted) refuseOutdated(frame.appVersion);
    }
  }

  /** Queries, like loads, require an admitted client. */
  function receiveInspect(frame: InspectFrame, inspect: (frame: InspectFrame) => void): void {
    if (!isAdmitted) refuseOutdated(undefined);
    else inspect(frame);
  }

  function refuseOutdated(version: string | undefined): void {
    const actual = version === undefined ? 'reports no version' : `is version ${version.slice(0, 80)}`;
    refuse(
      'outdated',
      `This app ${actual}. The relay accepts edits only from version ${String(minAppVersion)} or newer.`,
    );
  }

  function receiveSync(message: SyncMessage): void {
    // A kernel sends `hi` before anything else. Clients that do not send it have no version.
    if (!isAdmitted) return refuseOutdated(undefined);
    openLoads.received(message);
    take(message);
  }

  return {
    handle(line) {
      try {
        receive(line);
      } catch (error) {
        if (isKernelError(error, 'MESSAGE_INVALID')) return refuse('invalid', error.message);
        // A message from one client must never end the relay for the others.
        logger.warn('Could not handle a message', { connection: id, error });
        refuse('invalid', 'The relay could not handle a message.');
      }
    },
  };
}
