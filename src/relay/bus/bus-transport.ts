/** Carries short texts between the relays of one storage. It may lose, repeat or delay them, and anyone may have sent them. */
export interface BusTransport {
  /** The longest text, in bytes of ASCII. */
  readonly maxBytes: number;
  /** Reaches all relays, this one included. Rejects while the transport is interrupted. */
  send(text: string): Promise<void>;
  close(): void;
}

export interface BusTransportListener {
  received(text: string): void;
  interrupted(): void;
  /** Texts that were sent since the interruption are lost. */
  resumed(): void;
}
