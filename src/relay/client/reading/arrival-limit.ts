import { bytesPerFrame } from './frame-reader.ts';

/** What a client may go on sending that was refused. `ws` reads on until it answers the close frame, or for half a minute. */
export const maxLateBytes = {
  stranger: 64_000,
  /** It may be in the middle of an upload. */
  client: 10_000_000,
} as const;

/** Counts what arrives. Exists only for strangers and refused clients, so that idle clients keep nothing for it. */
export class ArrivalLimit {
  private bytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly exceeded: () => void,
  ) {}

  /** A frame has arrived, of this length. */
  arrived(bytes: number): void {
    this.bytes += bytesPerFrame + bytes;
    this.unfinished(this.bytes);
  }

  /** So much has arrived of a frame that is not complete. */
  unfinished(bytes: number): void {
    if (bytes > this.maxBytes) this.exceeded();
  }
}
