import type { KernelError } from '../base/kernel-error.ts';
import type * as channels from './channels.ts';
import { channelsPart } from './channels-part.ts';
import { closedHere } from './closed-here.ts';
import type { Channel, Transport } from './transport.ts';

/** A transport whose code the first channel fetches; where that fails, the channel closes with KERNEL_NOT_LOADED. */
export function lazyTransport(
  name: string,
  create: (code: typeof channels) => Transport,
  loadPart: typeof channelsPart.load = () => channelsPart.load(),
): Transport {
  return {
    name,
    open(url, on) {
      let channel: Channel | undefined;
      let hasEnded = false;

      function end(error: KernelError): void {
        if (hasEnded) return;
        hasEnded = true;
        on.closed(error);
      }

      loadPart().then(
        (channels) => {
          if (!hasEnded) channel = create(channels).open(url, on);
        },
        (error: KernelError) => end(error),
      );
      return {
        send: (frame) => channel?.send(frame),
        get bufferedBytes() {
          return channel?.bufferedBytes ?? 0;
        },
        close: (code, reason) => (channel ? channel.close(code, reason) : end(closedHere())),
      };
    },
  };
}
