import { createKernelError, isKernelError, type KernelErrorCode } from '../../base/kernel-error.ts';
import type { Channel, Transport } from '../../transport/transport.ts';

/** Turns a mistake of the transport, which may be the app's own, into the end of a channel, with an error. */
export function guardedTransport(inner: Transport): Transport {
  const { name } = inner;
  return {
    name,
    open(url, on) {
      // The caller has no channel until `open` has returned.
      let whenOpen = queueMicrotask;
      let hasEnded = false;

      function pass(event: () => void): void {
        whenOpen(() => {
          if (!hasEnded) event();
        });
      }

      function end(cause: unknown, code: KernelErrorCode = 'RELAY_UNREACHABLE'): void {
        pass(() => {
          hasEnded = true;
          attempt(() => channel?.close());
          on.closed(
            isKernelError(cause)
              ? cause
              : createKernelError(
                  code,
                  `The transport “${name}” to the relay at ${url.host} failed: ${String(cause)}. Reconnecting automatically; if this continues, correct the transport.`,
                  { cause },
                ),
          );
        });
      }

      function attempt<T>(run: () => T): T | undefined {
        try {
          return run();
        } catch (error) {
          // The caller is not prepared for the end of the channel during a call.
          queueMicrotask(() => end(error));
          return undefined;
        }
      }

      const channel = attempt((): Channel => {
        const opened = inner.open(url, {
          opened: () => pass(on.opened),
          received(frame: unknown) {
            if (typeof frame === 'string') pass(() => on.received(frame));
            else end('`received` was called without a string', 'MESSAGE_INVALID');
          },
          closed: (error) => end(error),
        });
        // A promise has no `bufferedBytes`.
        if (opened.bufferedBytes >= 0) return opened;
        throw new TypeError('`open` returned no channel with a number of `bufferedBytes`');
      });
      whenOpen = (run) => run();

      return {
        send: (frame) => attempt(() => channel?.send(frame)),
        get bufferedBytes() {
          return channel?.bufferedBytes ?? 0;
        },
        close: (code, reason) => attempt(() => channel?.close(code, reason)),
      };
    },
  };
}
