import type { RawData } from 'ws';

/** What a connection uses of a client's socket. A WebSocket of `ws` is one as it is; over HTTP, `http-socket.ts` makes one. */
export interface ClientSocket {
  readonly readyState: number;
  readonly OPEN: number;
  /** Sent and not yet taken by the network, in bytes. */
  readonly bufferedAmount: number;
  /** One text frame; `sent` is called once the network has it, or with why it never will. */
  send(text: string, sent?: (error?: Error | null) => void): void;
  /** Asks for a sign of life, which comes as `pong`. */
  ping(): void;
  /** Takes nothing from the client until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends once the client has read what was sent. */
  close(code?: number): void;
  /** Ends at once. */
  terminate(): void;
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Once, and nothing after it. */
  on(event: 'pong' | 'ping' | 'close', listener: () => void): unknown;
}
