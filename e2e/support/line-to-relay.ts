import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** Real WebSockets between a page and a relay, on a line that can stall or lose frames. */
export interface LineToRelay {
  readonly port: number;
  /** Stops reading from the page, so that its socket fills up. The relay's frames still pass. */
  hold(): void;
  goOn(): void;
  /** Reads the page's frames and drops them. */
  lose(isLosing: boolean): void;
  /** Runs when the relay next sends a frame that contains `part`, before the page gets it. */
  onceSaid(part: string, then: () => void): void;
  close(): Promise<void>;
}

export async function startLineToRelay(relayPort: number): Promise<LineToRelay> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const fronts = new Set<WebSocket>();
  let isHeld = false;
  let isLosing = false;
  let awaited: { readonly part: string; readonly then: () => void } | undefined;

  server.on('connection', (front) => {
    const relay = new WebSocket(`ws://127.0.0.1:${relayPort}/sync`, { perMessageDeflate: false });
    const open = once(relay, 'open');
    fronts.add(front);
    if (isHeld) front.pause();
    front.on('message', (data) => {
      if (!isLosing) void open.then(() => relay.send(textOf(data)));
    });
    relay.on('message', (data) => {
      const text = textOf(data);
      if (awaited && text.includes(awaited.part)) {
        const { then } = awaited;
        awaited = undefined;
        then();
      }
      front.send(text);
    });
    relay.on('error', () => front.terminate());
    relay.on('close', () => front.close());
    front.on('error', () => relay.terminate());
    front.on('close', () => {
      fronts.delete(front);
      relay.close();
    });
  });

  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      isHeld = true;
      for (const front of fronts) front.pause();
    },
    goOn() {
      isHeld = false;
      for (const front of fronts) front.resume();
    },
    lose: (next) => void (isLosing = next),
    onceSaid: (part, then) => void (awaited = { part, then }),
    async close() {
      for (const front of fronts) front.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function textOf(data: unknown): string {
  return data instanceof Buffer ? data.toString('utf8') : String(data);
}
