import type { KernelError } from '../platform/kernel-error.ts';
import { createPart } from '../platform/part.ts';
import type { Platform } from '../platform/platform.ts';
import { closedHere } from './closed-here.ts';
import type { Channel, Transport } from './transport.ts';

/** Frames over HTTP: needed only where no WebSocket comes through. */
export const httpPart = /* @__PURE__ */ createPart(() => import('./http-transport.ts'));

/** HTTP whose code is fetched by the first channel; where that fails, the channel closes with KERNEL_NOT_LOADED. */
export function lazyHttpTransport(
  platform: Pick<Platform, 'fetch' | 'clock'>,
  loadPart: typeof httpPart.load = () => httpPart.load(),
): Transport {
  return {
    name: 'http',
    open(url, on) {
      let channel: Channel | undefined;
      let hasEnded = false;

      function end(error: KernelError): void {
        if (hasEnded) return;
        hasEnded = true;
        on.closed(error);
      }

      loadPart().then(
        ({ createHttpTransport }) => {
          if (!hasEnded) channel = createHttpTransport(platform).open(url, on);
        },
        (error: KernelError) => end(error),
      );
      return {
        send: (frame) => channel?.send(frame),
        get bufferedBytes() {
          return channel?.bufferedBytes ?? 0;
        },
        close: () => (channel ? channel.close() : end(closedHere())),
      };
    },
  };
}
