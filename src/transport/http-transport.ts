import type { Clock } from '../base/clock.ts';
import { isKernelError, type KernelError } from '../base/kernel-error.ts';
import { closedHere } from './closed-here.ts';
import { createEventStreamReader } from './http/event-stream.ts';
import * as errors from './http/http-errors.ts';
import { createPosts } from './http/posts.ts';
import type { Transport } from './transport.ts';

/** Identifies a channel at the relay. It is a capability to write to that channel, so it is never in a URL, log or error. */
const channelHeader = 'maia-channel';
/** 128 bits in base64url. */
const channelID = /^[\w-]{22}$/;
/** A relay answers within seconds; a long request may take longer to send. */
const postMs = 60_000;
const slowestBytesPerMs = 10;
/** A relay that ends a channel gives the reason in the stream, which may arrive after its answer to a request. */
const closeReasonMs = 1_000;
/** In characters; more than a relay sends in one frame. */
const maxEventLength = 40_000_000;

/** Sends frames over plain HTTP, for networks without WebSockets: down in one event stream, up in sequential requests. */
export function createHttpTransport({
  fetch,
  clock,
}: {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}): Transport {
  return {
    name: 'http',
    open(url, on) {
      const target = url.href.replace(/^ws/, 'http');
      const ending = new AbortController();
      // A token must not go to another server.
      const common = {
        signal: ending.signal,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
      } as const;
      let channel = '';
      let hasEnded = false;
      let cancelEnd = () => {};

      const posts = createPosts({
        async post(body) {
          const waitMs = postMs + body.byteLength / slowestBytesPerMs;
          const cancel = clock.after(waitMs, () => end(errors.notTaken(url)));
          const headers = { [channelHeader]: channel };
          const { status } = await fetch(target, { ...common, method: 'POST', headers, body }).finally(
            cancel,
          );
          if (status === 410) throw errors.unknownChannel(url);
          if (status === 413) throw errors.tooLarge(url);
          if (status !== 204) throw errors.refused(url, status);
        },
        failed(cause) {
          const error = isKernelError(cause) ? cause : errors.lost(url, cause);
          cancelEnd = clock.after(closeReasonMs, () => end(error));
        },
      });

      async function listen(): Promise<void> {
        const response = await fetch(target, { ...common, headers: { accept: 'text/event-stream' } }).catch(
          (cause: unknown) =>
            // `fetch` fails in the same way if nothing answers and if CORS withholds an answer. Only a second, opaque request
            // shows whether a server is there.
            fetch(target, { ...common, mode: 'no-cors', redirect: 'follow' }).catch(() =>
              end(errors.unreachable(url, cause)),
            ),
        );
        if (!response || hasEnded) return;
        channel = response.headers.get(channelHeader) ?? '';
        const [type] = (response.headers.get('content-type') ?? '').split(';');
        if (!response.ok || type !== 'text/event-stream' || !channelID.test(channel) || !response.body) {
          return end(errors.answered(url, response.status, type));
        }
        on.opened();
        await readAll(response.body.getReader());
      }

      async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
        const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
        const events = createEventStreamReader(maxEventLength);
        while (!hasEnded) {
          let bytes: Uint8Array | undefined;
          try {
            ({ value: bytes } = await reader.read());
          } catch (cause) {
            return end(errors.lost(url, cause));
          }
          if (!bytes) return end(errors.lost(url));
          let frames: readonly string[];
          try {
            frames = events.take(decoder.decode(bytes, { stream: true }));
          } catch (cause) {
            const isTooLong = cause instanceof RangeError;
            return end(
              isTooLong
                ? errors.eventTooLong(url, cause)
                : errors.notARelay(url, 200, 'text/event-stream', cause),
            );
          }
          for (const frame of frames) receive(frame);
        }
      }

      function receive(frame: string): void {
        if (!hasEnded) on.received(frame);
      }

      function end(error: KernelError): void {
        if (hasEnded) return;
        hasEnded = true;
        cancelEnd();
        posts.end();
        ending.abort();
        on.closed(error);
      }

      void listen();
      return {
        send: posts.send,
        get bufferedBytes() {
          return posts.bufferedBytes;
        },
        close: () => end(closedHere()),
      };
    },
  };
}
