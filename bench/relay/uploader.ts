import { WebSocket } from 'ws';
import type { Upload } from './corpus.ts';

/** A client that sends prepared messages, so that its own work does not hide the server's. */
export interface Uploader {
  /**
   * Sends the streams in parallel; in a stream, each message waits for the acknowledgement of the previous
   * one.
   */
  send(streams: readonly (readonly Upload[])[]): Promise<void>;
  close(): void;
}

/** `token`: signs in with it. */
export async function openUploader(url: string, token?: string): Promise<Uploader> {
  const socket = await openSocket(url);
  if (token !== undefined) await signIn(socket, token);
  const waitingByID = new Map<string, { readonly upload: Upload; acknowledged(): void }>();
  let failed: (error: Error) => void = () => {};
  socket.on('message', (data: Buffer) => {
    for (const line of data.toString('utf8').split('\n')) receive(line);
  });
  socket.on('close', () => failed(new Error('The server closed the connection.')));

  function receive(line: string): void {
    if (line.startsWith('{"maia":"refused"')) return failed(new Error(line));
    if (!line.includes('"action":"known"')) return;
    const { id, sessions } = JSON.parse(line) as { id: string; sessions: Record<string, number> };
    const waiting = waitingByID.get(id);
    const counts = Object.entries(waiting?.upload.counts ?? {});
    if (!waiting || counts.some(([session, count]) => (sessions[session] ?? 0) < count)) return;
    waitingByID.delete(id);
    waiting.acknowledged();
  }

  return {
    send: (streams) =>
      new Promise((resolve, reject) => {
        failed = reject;
        let open = streams.length;
        for (const stream of streams) {
          const rest = stream.values();
          const sendNext = () => {
            const { value: upload } = rest.next();
            if (!upload) {
              open--;
              if (open === 0) resolve();
              return;
            }
            waitingByID.set(upload.id, { upload, acknowledged: sendNext });
            socket.send(upload.text);
          };
          sendNext();
        }
      }),
    close: () => socket.terminate(),
  };
}

export async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}

export async function signIn(socket: WebSocket, token: string): Promise<void> {
  const welcomed = awaitFrame(socket, '"welcome"');
  socket.send(JSON.stringify({ maia: 'auth', method: 'jwt', token }));
  await welcomed;
}

/** Resolves with the next frame of the server that contains this text. */
export function awaitFrame(socket: WebSocket, part: string): Promise<void> {
  return new Promise((resolve) => {
    const onMessage = (data: Buffer) => {
      if (!data.toString('utf8').includes(part)) return;
      socket.off('message', onMessage);
      resolve();
    };
    socket.on('message', onMessage);
  });
}

/** Sends messages that depend on each other, several at a time, and resolves once all are acknowledged. */
export async function uploadInOrder(url: string, uploads: readonly Upload[], token?: string): Promise<void> {
  const uploader = await openUploader(url, token);
  const atATime = 500;
  for (let start = 0; start < uploads.length; start += atATime) {
    const streamsByID = new Map<string, Upload[]>();
    for (const upload of uploads.slice(start, start + atATime)) {
      streamsByID.set(upload.id, [...(streamsByID.get(upload.id) ?? []), upload]);
    }
    await uploader.send([...streamsByID.values()]);
  }
  uploader.close();
}

/** How many commits the relay has made. */
export async function countCommits(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^maia_relay_commit_seconds_count (\d+)/m.exec(text)?.[1]);
}
