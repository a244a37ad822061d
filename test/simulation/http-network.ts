import type { Clock } from '../../src/base/clock.ts';
import type { ClientSocket } from '../../src/relay/client/client-socket.ts';
import { SimRequest, SimResponse, type HttpDoor } from './http-door.ts';
import type { Connection } from './network.ts';
import type { Dice } from './random.ts';
import { createWay, type Way } from './way.ts';

export interface HttpNetworkOptions {
  readonly clock: Clock;
  readonly dice: Dice;
  /** The door of the process that serves this address now; undefined if it is unreachable. */
  reach(url: URL): HttpDoor | undefined;
  /** The relay has opened a channel. Returns what to call for each frame received. */
  opened(
    url: URL,
    socket: ClientSocket,
    connection: Connection,
  ): (direction: 'up' | 'down', frame: string) => void;
}

/** One page's `fetch`. A channel is a stream down and requests up, each of which may break off on its own. */
export function createSimFetch(options: HttpNetworkOptions): typeof globalThis.fetch {
  const { clock, dice, reach } = options;
  /** Requests of each channel that have no answer yet. */
  const posts = new Map<string, Set<(reason: Error) => void>>();
  const lost = () => new TypeError('Failed to fetch');

  function openStream(url: URL, signal: AbortSignal): Promise<Response> {
    return new Promise((resolve, reject) => {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      let onFrame: ReturnType<HttpNetworkOptions['opened']> = () => {};
      let head: ResponseInit | undefined;
      let channel = '';
      let isOver = false;
      let isOpen = false;

      const down = createWay({ clock, dice, arrive });
      const request = new SimRequest('GET', { accept: 'text/event-stream' }, (socket) => {
        isOpen = true;
        // Before the relay handles it.
        socket.on('message', (body) => {
          onFrame('up', (body as Buffer).toString());
        });
        onFrame = options.opened(url, socket, connection);
      });
      const response = new SimResponse({
        get bufferedBytes() {
          return down.bufferedBytes;
        },
        head(status, headers) {
          head = { status, headers };
          channel = headers['maia-channel'] ?? '';
          down.push('');
        },
        push: (text, sent) => down.push(text, sent),
        end: () => down.end(() => ended()),
        breakOff() {
          down.drop();
          clock.after(dice.between(0, 50), () => ended(lost()));
        },
      });

      function arrive(text: string): void {
        if (isOver) return;
        if (controller || !head) {
          onFrame('down', text.slice('data: '.length, -2).replaceAll('\ndata: ', '\n'));
          controller?.enqueue(new TextEncoder().encode(text));
          return;
        }
        const body = new ReadableStream<Uint8Array>({ start: (its) => void (controller = its) });
        resolve(new Response(body, head));
      }

      /** For the page. */
      function ended(reason?: Error): void {
        if (isOver) return;
        isOver = true;
        isOpen = false;
        down.drop();
        if (!controller) return reject(reason ?? lost());
        if (reason) controller.error(reason);
        else controller.close();
      }

      const connection: Connection = {
        get isOpen() {
          return isOpen && !isOver;
        },
        cut(noticedBy) {
          down.drop();
          isOpen = false;
          const open = [...(posts.get(channel) ?? [])];
          if (noticedBy.tab) {
            clock.after(dice.between(0, 50), () => {
              ended(lost());
              for (const end of open) end(lost());
            });
          }
          // The relay writes to it until the network gives up.
          clock.after(dice.between(0, noticedBy.relay ? 50 : 60_000), () => response.closed());
        },
        stall: down.stall,
      };
      signal.addEventListener('abort', () => {
        ended(new DOMException('aborted', 'AbortError'));
        clock.after(dice.between(0, 50), () => response.closed());
      });
      clock.after(dice.between(1, 40), () => {
        if (isOver) return;
        const door = reach(url);
        if (door) door.answer(request, response);
        else ended(lost());
      });
    });
  }

  function post(url: URL, { headers, body, signal }: PostInit): Promise<Response> {
    const channel = headers['maia-channel'] ?? '';
    const open = posts.get(channel) ?? new Set();
    posts.set(channel, open);
    return new Promise((resolve, reject) => {
      let status = 0;
      const back: Way = createWay({
        clock,
        dice,
        arrive: () => end(() => resolve(new Response(null, { status }))),
      });
      const request = new SimRequest('POST', { 'maia-channel': channel }, () => {});
      const response = new SimResponse({
        bufferedBytes: 0,
        head: (its) => void (status = its),
        push: () => {},
        end: () => back.push(''),
        breakOff: () => fail(lost()),
      });
      const fail = (reason: Error) => end(() => reject(reason));
      open.add(fail);

      const abort = () => fail(new DOMException('aborted', 'AbortError'));

      function end(settle: () => void): void {
        open.delete(fail);
        signal.removeEventListener('abort', abort);
        settle();
      }

      signal.addEventListener('abort', abort);
      // A proxy may lose the request, or the answer to it.
      const isLost = dice.chance(2);
      const isAnswerLost = dice.chance(2);
      const up = createWay({
        clock,
        dice,
        arrive() {
          const door = isLost || !open.has(fail) ? undefined : reach(url);
          if (!door) return fail(lost());
          door.answer(request, response);
          request.arrives(body);
          if (isAnswerLost) fail(lost());
        },
      });
      up.push(' ');
    });
  }

  return (input, init) => {
    const url = new URL(input as string);
    const { method = 'GET', signal } = init ?? {};
    if (!signal) throw new Error('The kernel’s requests can be aborted.');
    if (method === 'GET') return openStream(url, signal);
    return post(url, { ...(init as unknown as PostInit), signal });
  };
}

interface PostInit {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}
