import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { refuseUpgrade, type HttpFront } from '../http-front.ts';
import { urlHost, type Door } from './door.ts';

/**
 * Answers requests for the relay's paths on a server of the caller, whose own listeners get all others. Overrides `emit`,
 * because a listener cannot keep requests from other listeners, some of which the caller may add later.
 */
export function enterServer(server: Server, front: HttpFront): Door {
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  let isClosed = false;

  function route(event: string, ...args: unknown[]): boolean {
    if (isClosed) return emit(event, ...args);
    const [request, to, head] = args;
    if (event === 'request' && front.owns(request as IncomingMessage)) {
      front.answer(request as IncomingMessage, to as ServerResponse);
    } else if (event === 'upgrade' && front.owns(request as IncomingMessage)) {
      front.upgrade(request as IncomingMessage, to as Duplex, head as Buffer);
    } else return emit(event, ...args);
    return true;
  }

  /** Node offers upgrades to nobody without such a listener. Then it ignores the offer, and so does this. */
  function ignoreUpgrade(request: IncomingMessage, socket: Duplex): void {
    if (server.listenerCount('upgrade') > 1) return;
    socket.on('error', () => socket.destroy());
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
    // Node has not read the body.
    if (length !== '0' || encoding !== undefined) {
      return refuseUpgrade(socket, '501 Not Implemented', 'This server upgrades no request with a body.\n');
    }
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.on('finish', () => socket.end());
    emit('request', request, response);
  }

  server.emit = route as Server['emit'];
  server.on('upgrade', ignoreUpgrade);
  const address = () => {
    const bound = server.address();
    return typeof bound === 'object' ? bound : null;
  };
  return {
    get port() {
      return address()?.port ?? 0;
    },
    get url() {
      const { address: host = 'localhost', port = 0 } = address() ?? {};
      return `${server instanceof TlsServer ? 'https' : 'http'}://${urlHost(host)}:${port}`;
    },
    close() {
      isClosed = true;
      server.off('upgrade', ignoreUpgrade);
      // Somebody may have overridden it, too, and still call this one.
      if (server.emit === (route as Server['emit'])) server.emit = emit as Server['emit'];
      return Promise.resolve();
    },
  };
}
