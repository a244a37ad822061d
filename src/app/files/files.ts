import type { RawCoValue } from 'cojson';
import type { Readable } from '../../base/readable.ts';
import type { WaitOptions } from '../../sync/sync-peers.ts';

/** Files of a group, end-to-end encrypted and synced like its other values, after all other edits. */
export interface Files {
  /**
   * Writes a file for the group of `owner`: a group, or a CoValue of it, or the ID of either. Resolves once the whole file is
   * written on this device; `sync.whenConfirmed(id)` waits for the relay. Keep what it resolves with in a CoValue of the group.
   *
   * Rejects with VALUE_TOO_LARGE above `maxBytes`, WRITE_FORBIDDEN if this account may not write to the group, ABORTED,
   * FILE_UNREADABLE if the browser cannot read the blob, SESSION_CLOSED, and as `session.load` if `owner` cannot be loaded.
   * What was written until then is deleted, or marked as broken.
   */
  write(owner: RawCoValue | string, blob: Blob, options?: WriteFileOptions): Promise<FileRef>;
  /** Loads the file while something subscribes. The same ID gives the same Readable. Never throws. */
  watch(id: string): Readable<FileState>;
  /**
   * Resolves with the whole file. Without `timeoutMs`, rejects with TIMEOUT once 10 seconds have brought nothing of it.
   *
   * Rejects as `session.load`, and with CO_VALUE_UNREADABLE if it is no whole file.
   */
  read(id: string, options?: WaitOptions): Promise<Blob>;
}

export interface WriteFileOptions {
  /** Shown to the members of the group. Default: none; a `File` keeps its name to itself. */
  readonly name?: string;
  /** Default: 50,000,000. At most 100,000,000, because no device reads a larger file. */
  readonly maxBytes?: number;
  /** Ends the write, also between two chunks. */
  readonly signal?: AbortSignal;
  /** Called after each chunk that this device has written, in bytes. */
  onProgress?(written: number, total: number): void;
}

export interface FileRef {
  readonly id: string;
  readonly bytes: number;
  /** The type of the blob that was written, unchecked. */
  readonly type: string;
}

/** A file as far as this device has it. */
export type FileState =
  /** Not at any relay, so far, or deleted. It is shown once it arrives. */
  | { readonly state: 'unavailable' }
  /** This account may not read it. It is shown once it may. */
  | { readonly state: 'unauthorized' }
  /** No file, larger than 100,000,000 bytes, not what its writer announced, or broken off. */
  | { readonly state: 'broken' }
  /** In bytes. `total` is absent until the beginning has arrived. */
  | { readonly state: 'loading'; readonly received: number; readonly total?: number }
  | {
      readonly state: 'ready';
      /** Its type is the writer's only if no page can run scripts from such a file; otherwise `application/octet-stream`. */
      readonly blob: Blob;
      /** Of the blob. Revoked once nothing subscribes any more. */
      readonly url: string;
      /** Without paths, control characters, and characters that change the direction of text. */
      readonly name?: string;
    };
