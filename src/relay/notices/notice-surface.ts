import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { reconnectAfterMs } from '../client/client-messages.ts';
import { spread } from '../client/closing-refusal.ts';
import { watchIncomingFrame, type IncomingFrame } from '../client/reading/incoming-frame.ts';
import type { RelayLimits } from '../config/relay-options.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import type { ClientPlace, Serving, Visit } from '../serving/serving.ts';
import { checkToken } from '../stateless/bearer.ts';
import { createRelayTokens } from '../stateless/relay-tokens.ts';
import { closeNotices, NoticeSocket, type NoticeOptions } from './notice-socket.ts';
import { createWatchedCollections } from './watched-collections.ts';

/** Accepts WebSockets for notices of changes, without the changes. */
export interface NoticeSurface {
  upgrade(
    request: IncomingMessage,
    client: ClientPlace,
    socket: Duplex,
    head: Buffer,
    serving: Pick<Serving, 'visit' | 'join' | 'admissionRefusal'>,
    /** The app's namespace cannot be opened at present. */
    closed: () => void,
  ): void;
}

export interface NoticeSurfaceOptions {
  readonly limits: Pick<RelayLimits, 'authMs'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: () => number;
}

const maxNoticeBytes = 16_000;
const maxFragments = 16;

export function createNoticeSurface({
  limits,
  clock,
  logger,
  random = Math.random,
}: NoticeSurfaceOptions): NoticeSurface {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxNoticeBytes,
    maxFragments,
  });
  const byNamespace = new WeakMap<StatelessTools, NoticeOptions>();

  function optionsOf(tools: StatelessTools): NoticeOptions {
    const known = byNamespace.get(tools);
    if (known) return known;
    const tokens = createRelayTokens({ ...tools, store: tools.bearerStore });
    const options: NoticeOptions = {
      ...{ clock, logger, random, authMs: limits.authMs },
      watched: createWatchedCollections(tools),
      openMemory: (holder) => tools.memory.open(holder),
      hindrance: () => tools.hindrance(),
      checkToken: (token, address) =>
        checkToken(token, { how: 'Send a token in the `auth` message.' }, address, tools.signInMethods, {
          ...tools,
          tokens,
        }),
      refused: (code) => tools.measure.refused(code),
    };
    byNamespace.set(tools, options);
    return options;
  }

  function open(
    socket: WebSocket,
    incoming: IncomingFrame,
    client: ClientPlace,
    { tools, end }: Visit,
    { join, admissionRefusal }: Pick<Serving, 'join' | 'admissionRefusal'>,
  ): void {
    const refusal = admissionRefusal(client.address);
    if (refusal !== undefined || !tools) {
      end();
      tools?.measure.refused('limit');
      socket.on('error', (error) => logger.debug('A refused connection failed', { error }));
      socket.on('message', () => socket.terminate());
      const code = refusal === undefined ? 'not-found' : 'limit';
      const reason = refusal ?? `This relay does not serve the app ${JSON.stringify(client.appID)}.`;
      logger.debug('Refused a notice socket', { code, reason });
      const retryAfterMs = refusal === undefined ? undefined : spread(reconnectAfterMs, random);
      closeNotices(socket, code, reason, retryAfterMs);
      return;
    }
    const notices = new NoticeSocket(socket, client.address, incoming, optionsOf(tools));
    const leave = join(notices, client);
    socket.on('close', () => {
      notices.closed();
      leave();
      end();
    });
    const hindrance = tools.hindrance();
    if (hindrance !== undefined) notices.refuse('storage', hindrance, reconnectAfterMs);
  }

  return {
    upgrade(request, client, socket, head, serving, closed) {
      serving.visit(client.appID).then((visit) => {
        if (!visit) return closed();
        // The client may have gone meanwhile, and gets no WebSocket then.
        let isOpen = false;
        if (socket.destroyed) return visit.end();
        socket.once('close', () => {
          if (!isOpen) visit.end();
        });
        server.handleUpgrade(request, socket, head, (webSocket) => {
          isOpen = true;
          open(webSocket, watchIncomingFrame(socket, webSocket, clock), client, visit, serving);
        });
      }, closed);
    },
  };
}
