import { vi, type Mock } from 'vitest';
import { createPacer } from '../../../src/base/pacer.ts';
import { createConnection, type Connection } from '../../../src/sync/connection/connection.ts';
import { createFakeClock, type FakeClock } from '../../../src/testing/fake-clock.ts';
import { createFakePage, type FakePage } from '../platform/fake-page.ts';
import { createBlockableTransport, ping, type BlockableTransport } from '../transport/blockable-transport.ts';

/** A connection that prefers WebSocket to HTTP, both of which a test opens and blocks. */
export interface TwoTransports {
  readonly clock: FakeClock;
  readonly page: FakePage;
  readonly webSocket: BlockableTransport;
  readonly http: BlockableTransport;
  /** The connection's phases, without repetition. */
  readonly phases: readonly string[];
  readonly ready: Mock;
  readonly lost: Mock;
  begin(): Connection;
  /** Lets all that is due without time passing happen. */
  settle(): Promise<void>;
  /** Advances the clock, while the relay pings on the channels that carry data. */
  pass(ms: number): Promise<void>;
}

export function createTwoTransports(
  options: { readonly hasWork?: () => boolean; readonly appVersion?: string } = {},
  urls: readonly [URL, ...URL[]] = [new URL('wss://one.example/sync')],
): TwoTransports {
  const clock = createFakeClock();
  const page = createFakePage();
  const webSocket = createBlockableTransport('websocket');
  const http = createBlockableTransport('http');
  const phases: string[] = [];
  const ready = vi.fn();
  const lost = vi.fn();
  const nothing = () => {};

  async function settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  return {
    ...{ clock, page, webSocket, http, phases, ready, lost, settle },
    begin() {
      const connection = createConnection({
        urls,
        peerID: 'relay',
        transports: [webSocket.transport, http.transport],
        platform: { clock, page, random: (length) => new Uint8Array(length).fill(128) },
        ...options,
        pacer: createPacer({ nowMs: clock.nowMs, nextTask: () => Promise.resolve() }),
        on: {
          changed() {
            const { phase } = connection.state;
            if (phases.at(-1) !== phase) phases.push(phase);
          },
          ready,
          lost,
          sending: (message) => message,
          sent: nothing,
          drained: nothing,
          withheld: nothing,
          received: (message) => message,
          refused: nothing,
          relayClock: nothing,
          renewalFailed: nothing,
        },
      });
      return connection;
    },
    async pass(ms) {
      for (let leftMs = ms; leftMs > 0; leftMs -= 4_000) {
        for (const { channels } of [webSocket, http]) {
          for (const { on, isOpen, sent } of channels) if (isOpen && sent.length > 0) on.received(ping);
        }
        clock.advance(Math.min(4_000, leftMs));
        await settle();
      }
    },
  };
}
