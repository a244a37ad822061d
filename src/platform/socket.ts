/** The subset of WebSocket that the kernel uses; a browser's WebSocket and `ws` in Node both have it. */
export interface Socket {
  readonly bufferedAmount: number;
  send(frame: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
}
