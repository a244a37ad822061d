import { createServer, request } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A proxy that passes plain HTTP, and WebSockets only while open. Shut, it acts like many corporate proxies. */
export interface WebSocketGate {
  readonly port: number;
  /** WebSockets that are open through it. */
  readonly webSockets: number;
  /** Event streams that are open through it. */
  readonly streams: number;
  /** Passes WebSockets from now on. */
  open(): void;
  /** Refuses WebSockets with 403 from now on, and cuts those that are open. */
  shut(): void;
  close(): Promise<void>;
}

export async function startWebSocketGate(targetPort: number): Promise<WebSocketGate> {
  const target = { host: '127.0.0.1', port: targetPort };
  const webSockets = new Set<Socket>();
  let streams = 0;
  let isOpen = false;

  const server = createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    const onward = request({ ...target, method, path: url, headers }, (response) => {
      const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
      if (isStream) streams++;
      answer.writeHead(response.statusCode ?? 502, response.headers);
      answer.flushHeaders();
      response.pipe(answer);
      response.on('close', () => {
        if (isStream) streams--;
        answer.destroy();
      });
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on('upgrade', (incoming, socket: Socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!isOpen)
      return void socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    webSockets.add(socket);
    const onward = connect(target, () => {
      const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      onward.write(`GET ${incoming.url ?? '/'} HTTP/1.1\r\n${lines.join('')}\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => {
      webSockets.delete(socket);
      onward.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get webSockets() {
      return webSockets.size;
    },
    get streams() {
      return streams;
    },
    open() {
      isOpen = true;
    },
    shut() {
      isOpen = false;
      for (const socket of webSockets) socket.destroy();
    },
    async close() {
      for (const socket of webSockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
