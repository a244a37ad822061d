import type { Clock } from '../base/clock.ts';
import type { Channel, Transport } from '../transport/transport.ts';
import { silenceMs } from './relay-link.ts';

/** Looks now and then, beside a connection over a lesser transport, whether the ordinary one comes through again. */
export interface TransportProbe {
  /** Looks at once, unless it is looking already. */
  look(): void;
  stop(): void;
}

const firstMs = 15_000;
const longestMs = 600_000;

/** Between half of the bound and all of it, so that clients that fell back together do not look together. */
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
  /** Once: the relay has said something there. */
  readonly found: () => void;
}): TransportProbe {
  const { transport, url, clock, random, found } = options;
  let channel: Channel | undefined;
  let looks = 0;
  let hasStopped = false;
  let cancel = wait();

  function wait(): () => void {
    return clock.after(pauseMs(looks, random()), look);
  }

  function look(): void {
    if (channel || hasStopped) return;
    cancel();
    looks++;
    let hasEnded = false;
    const own = transport.open(url, {
      opened: () => {},
      // That it opens is not enough: some proxies let nothing through what they have opened.
      received() {
        if (hasStopped) return;
        stop();
        found();
      },
      closed() {
        hasEnded = true;
        if (hasStopped || channel !== own) return;
        channel = undefined;
        cancel();
        cancel = wait();
      },
    });
    if (hasEnded) return;
    channel = own;
    cancel = clock.after(silenceMs, () => own.close());
  }

  function stop(): void {
    hasStopped = true;
    cancel();
    channel?.close();
  }

  return { look, stop };
}
