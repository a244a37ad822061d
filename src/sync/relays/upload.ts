import type { SyncMessage } from 'cojson';
import type { SyncState } from '../sync-state.ts';

type Content = Extract<SyncMessage, { readonly action: 'content' }>;

/** The content that was handed to the relay's channel on this connection. */
export interface Upload {
  readonly state: NonNullable<SyncState['upload']>;
  sent(content: Content, bytes: number): void;
  /** Call when the channel's buffer is empty. Returns what has left this device since the last call. */
  drained(): readonly Content[];
  lost(): void;
}

export function createUpload(): Upload {
  let onTheWay: Content[] = [];
  let state = { bytes: 0, bufferedBytes: 0 };

  return {
    get state() {
      return state;
    },
    sent(content, bytes) {
      onTheWay.push(content);
      state = { ...state, bufferedBytes: state.bufferedBytes + bytes };
    },
    drained() {
      const gone = onTheWay;
      onTheWay = [];
      state = { bytes: state.bytes + state.bufferedBytes, bufferedBytes: 0 };
      return gone;
    },
    lost() {
      onTheWay = [];
      state = { bytes: 0, bufferedBytes: 0 };
    },
  };
}
