import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { RefusalCode } from '../../wire/frames.ts';
import { isRefusalCode } from '../../wire/refusal-code.ts';
import { nameOfClient } from '../auth/client-name.ts';
import type { Principal } from '../auth/principal.ts';
import { spread } from '../client/closing-refusal.ts';
import { minBytesPerSecond, type IncomingFrame } from '../client/reading/incoming-frame.ts';
import type { MemoryAccount, MemoryHolder } from '../memory/memory-account.ts';
import type { Guest } from '../namespace/namespace.ts';
import type { Sender } from '../stateless/bearer.ts';
import { notListed } from '../stateless/pull/collection-access.ts';
import { checkServing, storageFailed, StatelessRefusal } from '../stateless/refusal.ts';
import { notAuthorized } from '../stateless/refuse-unauthorized.ts';
import { readNoticeMessage, type NoticeAuth } from './read-notice-message.ts';
import {
  noticeIntervalMs,
  type Forbidden,
  type WatchedCollections,
  type Watcher,
} from './watched-collections.ts';

/** What the sockets of a namespace share. */
export interface NoticeOptions {
  readonly watched: WatchedCollections;
  readonly authMs: number;
  readonly random: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  openMemory(holder: MemoryHolder): MemoryAccount;
  hindrance(): string | undefined;
  checkToken(token: string | undefined, address: string): Promise<Sender>;
  refused(code: RefusalCode): void;
}

type Code = StatelessRefusal['code'] | RefusalCode;

/** 4000 and more are for applications, and these resemble the statuses of HTTP. The others are from the registry. */
const closeCodes: Partial<Record<Code, number>> = {
  invalid: 4400,
  unauthorized: 4401,
  expired: 4401,
  forbidden: 4403,
  'not-found': 4404,
  limit: 4429,
  'too-large': 1009,
  draining: 1012,
};
const tryAgainLater = 1013;
const reconnectMs = 1_000;
/** For a client that does not close in turn. */
const closeWithinMs = 5_000;
/** How long a client may be silent. It answers pings of the relay without the app. */
const silenceMs = 45_000;
/** The relay's clients are terminated after this. */
const sharedSilenceMs = 30_000;
/** Of the turns in which the relay pings its clients, one each 4 s: pings wake up the radio of a phone. */
const beatsPerPing = 5;
/** In one turn. A client sends a few in its whole life. */
const maxFramesPerBeat = 100;
const maxUnreadBytes = 32_000;
/** An answer of `authorize` may be kept for so long, or it failed. */
const askAuthorizeAgainMs = 60_000;

/** Thousands of these are idle, so it is a class, and has no timer then. */
export class NoticeSocket implements Guest, Watcher {
  principal: Principal | undefined;
  clientName = '';
  collections: readonly string[] = [];
  private sender: Sender | undefined;
  private isIn = false;
  private isVerifying = false;
  private hasEnded = false;
  private seenAtMs: number;
  private beats = 0;
  private frames = 0;
  private due: Set<string> | undefined;
  private sentAtMs = -Infinity;
  private isSending = false;
  private cancelTimer: (() => void) | undefined;
  private readonly account: MemoryAccount;

  constructor(
    private readonly socket: WebSocket,
    private readonly address: string,
    private readonly incoming: IncomingFrame,
    private readonly options: NoticeOptions,
  ) {
    const { clock, authMs, openMemory, logger } = options;
    this.seenAtMs = clock.elapsedMs();
    this.account = openMemory({
      changed: () => this.readOrWait(),
      refuse: () => this.terminate(),
    });
    incoming.onChange((bytes) => this.account.hold('unfinished', bytes));
    this.cancelTimer = clock.after(authMs, () => {
      if (!this.isVerifying)
        this.refuse('unauthorized', `This client sent no \`auth\` within ${authMs} ms.`, reconnectMs);
    });
    socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    const seen = () => {
      this.seenAtMs = clock.elapsedMs();
      this.countFrame();
    };
    socket.on('pong', seen);
    socket.on('ping', seen);
    socket.on('error', (error) => logger.debug('A notice socket failed', { error }));
  }

  /** The socket is closed. */
  closed(): void {
    this.end();
    this.account.close();
  }

  /** By the measure of other clients. */
  lastSeenAtMs(): number {
    return this.seenAtMs + silenceMs - sharedSilenceMs;
  }

  ping(): void {
    this.frames = 0;
    if (this.hasEnded) return;
    try {
      this.sender?.check();
    } catch (error) {
      return this.refuseFor(error);
    }
    if (this.incoming.isTooSlow(minBytesPerSecond))
      return this.refuse('limit', 'An unfinished message arrived too slowly.', reconnectMs);
    if (this.beats++ % beatsPerPing === 0) this.socket.ping();
  }

  terminate(): void {
    this.socket.terminate();
  }

  user(): Principal | undefined {
    return this.principal;
  }

  /** What was taken down is notified of once it is put back. */
  isRestricted(): boolean {
    return false;
  }

  refuse(code: Code, message: string, retryAfterMs?: number, ids?: readonly string[]): void {
    if (this.hasEnded) return;
    this.end();
    const { options, socket } = this;
    if (isRefusalCode(code)) options.refused(code);
    options.logger.debug('Refused a notice socket', { code });
    closeNotices(
      socket,
      code,
      message,
      retryAfterMs === undefined ? undefined : spread(retryAfterMs, options.random),
      ids,
    );
    this.cancelTimer = options.clock.after(closeWithinMs, () => socket.terminate());
  }

  forbid({ id, why }: Forbidden): void {
    this.refuseFor(
      why === 'not-listed' ? notListed(this.principal, id) : notAuthorized([id], askAuthorizeAgainMs),
    );
  }

  notify(collections: Iterable<string>): void {
    if (this.hasEnded) return;
    this.due ??= new Set();
    for (const id of collections) this.due.add(id);
    this.sendDue();
  }

  /** While the client does not read, or has just got one, its notices become one. */
  private sendDue(): void {
    const { due, socket, options } = this;
    if (!due || !this.isIn || this.isVerifying || this.isSending || this.hasEnded || this.cancelTimer) return;
    const waitMs = this.sentAtMs + noticeIntervalMs - options.clock.elapsedMs();
    if (waitMs > 0) {
      this.cancelTimer = options.clock.after(waitMs, () => {
        this.cancelTimer = undefined;
        this.sendDue();
      });
      return;
    }
    this.due = undefined;
    this.sentAtMs = options.clock.elapsedMs();
    this.isSending = true;
    socket.send(JSON.stringify({ type: 'sync-available', tables: [...due] }), () => {
      this.isSending = false;
      this.sendDue();
    });
  }

  private countFrame(): void {
    if (++this.frames > maxFramesPerBeat)
      this.refuse('limit', `A client may send ${maxFramesPerBeat} messages in 4 s.`, reconnectMs);
  }

  private receive(data: RawData, isBinary: boolean): void {
    this.seenAtMs = this.options.clock.elapsedMs();
    if (this.hasEnded) return;
    this.countFrame();
    const message = isBinary || !Buffer.isBuffer(data) ? undefined : readNoticeMessage(data.toString('utf8'));
    if (!message) this.refuse('invalid', 'This is neither an `auth` message nor a `ping`.');
    else if (message.type === 'auth') void this.take(message);
    else if (this.socket.bufferedAmount > maxUnreadBytes) this.terminate();
    else if (!this.hasEnded) this.socket.send('{"type":"pong"}');
  }

  /** Also renews a token, and may name other collections. */
  private async take({ token, clientId, collections }: NoticeAuth): Promise<void> {
    if (this.isVerifying)
      return this.refuse('invalid', 'Wait for `auth-ok` before you send `auth` again.', reconnectMs);
    this.isVerifying = true;
    const { options } = this;
    try {
      const sender = await options.checkToken(token, this.address);
      if (this.hasEnded) return;
      checkServing(options);
      if (this.isIn && !isSame(this.principal, sender.principal))
        throw new StatelessRefusal('unauthorized', 'Another user signed in on this socket. Connect again.');
      const before = this.collections;
      this.sender = sender;
      this.principal = sender.principal;
      this.clientName = nameOfClient(clientId, sender.principal);
      this.collections = collections;
      const refused = await options.watched.watch(this, before);
      if (this.hasEnded) return;
      if (refused !== undefined) return this.forbid(refused);
      sender.check();
    } catch (error) {
      return this.refuseFor(error);
    } finally {
      this.isVerifying = false;
      // It may have ended while it was being watched.
      if (this.hasEnded) options.watched.unwatch(this);
    }
    if (!this.isIn) {
      this.cancelTimer?.();
      this.cancelTimer = undefined;
    }
    this.isIn = true;
    this.socket.send('{"type":"auth-ok"}');
    this.sendDue();
  }

  private refuseFor(error: unknown): void {
    const refusal = error instanceof StatelessRefusal ? error : storageFailed();
    if (refusal !== error) this.options.logger.warn('Could not serve a notice socket', { error });
    this.refuse(refusal.code, refusal.message, refusal.retryAfterMs, refusal.more.ids);
  }

  private readOrWait(): void {
    if (this.account.mustWait()) this.socket.pause();
    else this.socket.resume();
  }

  private end(): void {
    this.hasEnded = true;
    this.due = undefined;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.options.watched.unwatch(this);
  }
}

/** Sends the reason, and closes the socket with the code that fits it. */
export function closeNotices(
  socket: Pick<WebSocket, 'send' | 'close'>,
  code: Code,
  message: string,
  retryAfterMs?: number,
  ids?: readonly string[],
): void {
  const retry = retryAfterMs !== undefined && { retryAfterMs };
  socket.send(JSON.stringify({ type: 'error', code, message, ...retry, ...(ids && { ids }) }));
  socket.close(closeCodes[code] ?? tryAgainLater);
}

function isSame(one: Principal | undefined, other: Principal | undefined): boolean {
  return one?.kind === other?.kind && one?.id === other?.id;
}
