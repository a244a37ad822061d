import type { SyncMessage } from 'cojson';
import { isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import {
  encodeFrame,
  readMessage,
  type ChallengeFrame,
  type HiFrame,
  type InspectFrame,
  type MaiaFrame,
  type PresenceFrame,
  type ReceivedMessage,
  type RefusalCode,
} from '../../wire/frames.ts';
import { isOutdated } from '../config/app-version.ts';
import { hasTooManyParts, maxParts, maxPartsInStrings } from './reading/message-parts.ts';
import type { AgentLookup } from './answers/agent-lookup.ts';
import type { SignIn } from './client-sign-in.ts';
import type { ConnectionOptions } from './connection-options.ts';
import type { WireMeasure } from './wire-measure.ts';
import type { RelayLimits } from '../config/relay-options.ts';

export interface ClientMessagesOptions {
  readonly id: string;
  readonly limits: Pick<RelayLimits, 'messageBytes'>;
  readonly measure: Pick<WireMeasure, 'received' | 'sent'>;
  /** The oldest accepted app version; undefined if every version is accepted. */
  readonly minAppVersion: string | undefined;
  readonly logger: Logger;
  /** Undefined if clients need not sign in. */
  readonly signIn: Pick<SignIn, 'isDone' | 'take'> | undefined;
  /** While the client may do nothing else than look up the entry of its passkey. */
  lookup(): Pick<AgentLookup, 'take'> | undefined;
  /** Takes a message, or its first part. Returns how to take the next one, if there is one. */
  take(message: SyncMessage): TakePart | undefined;
  /** The client is a kernel. */
  greeted(hi: HiFrame): void;
  /** Undefined if the relay does not offer it; queries are then ignored. */
  readonly inspect: ((frame: InspectFrame) => void) | undefined;
  showPresence(frame: PresenceFrame): void;
  /** Sends a frame ahead of all queued messages. */
  answer(frame: string): void;
  readonly challenged: ConnectionOptions['challenged'];
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
}

/** Takes a part of a message. Returns whether there are more. */
export type TakePart = () => boolean;

/** When a client that exceeded its limits may reconnect. */
export const reconnectAfterMs = 10_000;

export class ClientMessages {
  private isAdmitted: boolean;
  /** Takes the rest of the last message. */
  private more: TakePart | undefined;

  constructor(private readonly options: ClientMessagesOptions) {
    this.isAdmitted = options.minAppVersion === undefined;
  }

  /** Handles one raw message, or its first part. Returns whether there are more parts. Never throws. */
  handle(line: string): boolean {
    return this.guard(() => this.receive(line));
  }

  /** The same for the next part of that message. */
  handlePart(): boolean {
    return this.guard(() => {
      if (this.more?.() !== true) this.more = undefined;
    });
  }

  /** Takes messages that waited. Never throws. */
  handWaiting(take: () => void): void {
    this.guard(take);
  }

  private guard(run: () => void): boolean {
    const { id, logger, refuse } = this.options;
    try {
      run();
    } catch (error) {
      this.more = undefined;
      if (isKernelError(error, 'MESSAGE_INVALID')) refuse('invalid', error.message);
      else {
        // A message from one client must never end the relay for the others.
        logger.warn('Could not handle a message', { connection: id, error });
        refuse('invalid', 'The relay could not handle a message.');
      }
    }
    return this.more !== undefined;
  }

  private receive(line: string): void {
    const { limits, measure, signIn, refuse } = this.options;
    if (line.length > limits.messageBytes) {
      return refuse(
        'too-large',
        `A message of ${line.length} bytes exceeds the limit of ${limits.messageBytes}.`,
      );
    }
    if (hasTooManyParts(line)) {
      return refuse(
        'too-large',
        `A message has more than ${maxParts} entries, or ${maxPartsInStrings} within its transactions.`,
      );
    }
    const message = readMessage(line);
    measure.received(message);
    if (signIn?.isDone() === false) this.receiveOfStranger(message);
    else if (message.kind === 'sync') this.receiveSync(message.message);
    else if (message.kind === 'maia') this.receiveFrame(message.frame);
  }

  private receiveOfStranger(message: ReceivedMessage): void {
    const { lookup, refuse } = this.options;
    const lookedUp = lookup();
    const name = message.kind === 'maia' ? message.frame.maia : undefined;
    if (message.kind === 'maia' && (name === 'auth' || (lookedUp && (name === 'hi' || name === 'echo'))))
      this.receiveFrame(message.frame);
    else if (!lookedUp) refuse('unauthorized', 'This relay serves only clients that sign in first.');
    else if (message.kind === 'maia') refuse('forbidden', 'Before it signs in, this client may only load.');
    else if (message.kind === 'sync' && !this.isAdmitted) this.refuseOutdated(undefined);
    else if (message.kind === 'sync') lookedUp.take(message.message);
  }

  private receiveFrame(frame: MaiaFrame): void {
    if (frame.maia === 'echo') this.options.answer(encodeFrame({ maia: 'echoed', t: frame.t }));
    else if (frame.maia === 'inspect') this.receiveInspect(frame);
    else if (frame.maia === 'auth') void this.options.signIn?.take(frame);
    else if (frame.maia === 'hi') this.receiveHi(frame);
    else if (frame.maia === 'challenge') this.receiveChallenge(frame);
    else if (frame.maia === 'presence') this.receivePresence(frame);
  }

  private receiveHi(frame: HiFrame): void {
    const { greeted, minAppVersion } = this.options;
    greeted(frame);
    if (minAppVersion === undefined) return;
    this.isAdmitted = !isOutdated(frame.appVersion, minAppVersion);
    if (!this.isAdmitted) this.refuseOutdated(frame.appVersion);
  }

  private receiveChallenge(challenge: ChallengeFrame): void {
    const { id, challenged, measure, answer } = this.options;
    challenged(id, challenge, (receipt) => {
      measure.sent('receipt');
      answer(receipt);
    });
  }

  /** Queries, like loads, require an admitted client. */
  private receiveInspect(frame: InspectFrame): void {
    const { inspect } = this.options;
    if (inspect && !this.isAdmitted) this.refuseOutdated(undefined);
    else inspect?.(frame);
  }

  private receivePresence(frame: PresenceFrame): void {
    if (this.isAdmitted) this.options.showPresence(frame);
    else this.refuseOutdated(undefined);
  }

  private refuseOutdated(version: string | undefined): void {
    const actual = version === undefined ? 'reports no version' : `is version ${version.slice(0, 80)}`;
    this.options.refuse(
      'outdated',
      `This app ${actual}. The relay accepts edits only from version ${String(this.options.minAppVersion)} or newer.`,
    );
  }

  private receiveSync(message: SyncMessage): void {
    // A kernel sends `hi` before anything else. Clients that do not send it have no version.
    if (!this.isAdmitted) return this.refuseOutdated(undefined);
    this.more = this.options.take(message);
  }
}
