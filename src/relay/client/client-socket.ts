import type { RawData } from 'ws';

/** The part of a socket that a connection uses. The WebSocket of `ws` has it; `HttpSocket` implements it for HTTP. */
export interface ClientSocket {
  readonly readyState: number;
  readonly OPEN: number;
  /** Bytes sent but not yet accepted by the network. */
  readonly bufferedAmount: number;
  /** Sends one text frame. Calls `sent` once the network has accepted it, or with the error if it never will. */
  send(text: string, sent?: (error?: Error | null) => void): void;
  /** Asks the client to show that it is alive; its answer is emitted as `pong`. */
  ping(): void;
  pause(): void;
  resume(): void;
  /** Closes after the client has read everything sent so far. */
  close(code?: number): void;
  terminate(): void;
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** `close` fires once, as the last event. */
  on(event: 'pong' | 'ping' | 'close', listener: () => void): unknown;
}
