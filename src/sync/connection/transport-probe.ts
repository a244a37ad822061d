import type { Clock } from '../../base/clock.ts';
import type { Channel, Transport } from '../../transport/transport.ts';
import { silenceMs } from './relay-link.ts';

/** While a connection uses a fallback transport, checks from time to time whether the preferred one works again. */
export interface TransportProbe {
  /** Checks now, unless a check is running. */
  check(): void;
  stop(): void;
}

const firstMs = 15_000;
const longestMs = 600_000;

/** Between half of the bound and all of it, so that clients that fell back together do not check together. */
function pauseMs(looks: number, random: number): number {
  const bound = Math.min(longestMs, firstMs * 2 ** Math.min(looks, 16));
  return bound * (0.5 + random / 2);
}

export function probeTransport(options: {
  readonly transport: Transport;
  readonly url: URL;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Called once, when the relay has sent a message over the transport. */
  readonly found: () => void;
}): TransportProbe {
  const { transport, url, clock, random, found } = options;
  let channel: Channel | undefined;
  let looks = 0;
  let hasStopped = false;
  let cancel = wait();

  function wait(): () => void {
    return clock.after(pauseMs(looks, random()), check);
  }

  function check(): void {
    if (channel || hasStopped) return;
    cancel();
    looks++;
    let hasEnded = false;
    const probed = transport.open(url, {
      opened: () => {},
      // An open channel is not enough, because some proxies open it and then pass nothing through.
      received() {
        if (hasStopped) return;
        stop();
        found();
      },
      closed() {
        hasEnded = true;
        if (hasStopped || channel !== probed) return;
        channel = undefined;
        cancel();
        cancel = wait();
      },
    });
    if (hasEnded) return;
    channel = probed;
    cancel = clock.after(silenceMs, () => probed.close());
  }

  function stop(): void {
    hasStopped = true;
    cancel();
    channel?.close();
  }

  return { check, stop };
}
