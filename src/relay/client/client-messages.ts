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
import type { ColdLoads } from './cold-loads.ts';
import type { Following } from './following.ts';
import type { WireMeasure } from '../serving/metrics.ts';
import type { RelayLimits } from '../relay-options.ts';

/** What the messages of one client go through: each is checked, and passed to who answers it. */
export interface ClientMessages {
  /** One message, as it came. Never throws. */
  handle(line: string): void;
}

export interface ClientMessagesOptions {
  /** Of the connection, for the log. */
  readonly id: string;
  readonly limits: Pick<RelayLimits, 'messageBytes' | 'subscribed'>;
  readonly measure: Pick<WireMeasure, 'received'>;
  readonly following: Pick<Following, 'received' | 'count'>;
  readonly coldLoads: Pick<ColdLoads, 'take'>;
  /** The oldest version of the app that is let in; undefined where all are. */
  readonly minAppVersion: string | undefined;
  readonly logger: Logger;
  takeContent(message: Extract<SyncMessage, { action: 'content' }>): void;
  /** Gives the node what nobody else answers. */
  give(message: SyncMessage): void;
  /** Undefined where the relay does not offer it; what asks is then ignored. */
  readonly inspect: ((frame: InspectFrame) => void) | undefined;
  /** Answers at once, before all that waits. */
  answer(frame: string): void;
  /** Ends the connection. */
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
}

/** When a client that was refused for what it had open may come back. */
export const reconnectAfterMs = 10_000;

export function createClientMessages(options: ClientMessagesOptions): ClientMessages {
  const { id, limits, measure, following, coldLoads, minAppVersion, logger } = options;
  const { takeContent, give, inspect, answer, refuse } = options;
  let isLetIn = minAppVersion === undefined;

  function receive(line: string): void {
    if (line.length > limits.messageBytes) {
      return refuse(
        'too-large',
        `A message of ${line.length} bytes is longer than the ${limits.messageBytes} that are taken.`,
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
      isLetIn = !isOutdated(frame.appVersion, minAppVersion);
      if (!isLetIn) refuseOutdated(frame.appVersion);
    }
  }

  /** Who may not load is told nothing either. */
  function receiveInspect(frame: InspectFrame, inspect: (frame: InspectFrame) => void): void {
    if (!isLetIn) refuseOutdated(undefined);
    else inspect(frame);
  }

  function refuseOutdated(version: string | undefined): void {
    const named = version === undefined ? 'names no version' : `is of version ${version.slice(0, 80)}`;
    refuse('outdated', `This app ${named}, and the relay takes edits from ${String(minAppVersion)} on.`);
  }

  function receiveSync(message: SyncMessage): void {
    // A kernel introduces itself before anything else. What does not is of no version.
    if (!isLetIn) return refuseOutdated(undefined);
    following.received(message);
    if (following.count() > limits.subscribed) {
      return refuse(
        'limit',
        `This client follows more than ${limits.subscribed} CoValues. Open fewer of them at a time.`,
        reconnectAfterMs,
      );
    }
    if (message.action === 'content') takeContent(message);
    else if (!coldLoads.take(message)) give(message);
  }

  return {
    handle(line) {
      try {
        receive(line);
      } catch (error) {
        if (isKernelError(error, 'MESSAGE_INVALID')) return refuse('invalid', error.message);
        // Whatever one client sends must not end the others' relay.
        logger.warn('A message could not be handled', { connection: id, error });
        refuse('invalid', 'A message could not be handled.');
      }
    },
  };
}
