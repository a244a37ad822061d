import type { Clock } from '../base/clock.ts';
import { isKernelError, type KernelError } from '../base/kernel-error.ts';
import { closedHere } from './closed-here.ts';
import { createEventStreamReader } from './http/event-stream.ts';
import * as errors from './http/http-errors.ts';
import { createPosts } from './http/posts.ts';
import type { Transport } from './transport.ts';

/** Names one channel at the relay. Whoever knows it may write there: it stands in no URL, log or error. */
const channelHeader = 'maia-channel';
/** 128 bits in base64url. */
const channelID = /^[\w-]{22}$/;
/** A relay takes a request in seconds; a long one may be on its way for longer. */
const postMs = 60_000;
const slowestBytesPerMs = 10;
/** A relay that ends a channel says why in the stream, which may come after what it answers to a request. */
const lastWordsMs = 1_000;
/** In characters; more than a relay sends in one frame. */
const longestEvent = 40_000_000;

/**
 * Frames over plain HTTP, for where something on the way lets no WebSocket through: down in one response that does not end,
 * as an event stream, and up in requests, one at a time.
 */
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
      const common = { signal: ending.signal, cache: 'no-store', credentials: 'omit' } as const;
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
          cancelEnd = clock.after(lastWordsMs, () => end(error));
        },
      });

      async function listen(): Promise<void> {
        let response: Response;
        try {
          response = await fetch(target, { ...common, headers: { accept: 'text/event-stream' } });
        } catch (cause) {
          return end(errors.unreachable(url, cause));
        }
        if (!response.ok) return end(errors.refused(url, response.status));
        const [type] = (response.headers.get('content-type') ?? '').split(';');
        channel = response.headers.get(channelHeader) ?? '';
        if (type !== 'text/event-stream' || !channelID.test(channel) || !response.body) {
          return end(errors.notARelay(url));
        }
        if (hasEnded) return;
        on.opened();
        await readAll(response.body.getReader());
      }

      async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
        const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
        const events = createEventStreamReader(longestEvent);
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
            return end(isTooLong ? errors.eventTooLong(url, cause) : errors.notARelay(url, cause));
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
