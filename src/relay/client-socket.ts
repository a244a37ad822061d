import type { RawData } from 'ws';

/** What the relay uses of a client's WebSocket. */
export interface ClientSocket {
  readonly readyState: number;
  readonly OPEN: number;
  readonly bufferedAmount: number;
  /** `sent` is called once the text is handed to the network. */
  send(text: string, sent?: (error?: Error) => void): void;
  close(code?: number): void;
  terminate(): void;
  ping(): void;
  pause(): void;
  resume(): void;
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'ping' | 'pong' | 'close', listener: () => void): unknown;
}
