import { isEqual } from '../base/equal.ts';
import type { KernelError } from '../base/kernel-error.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable, type Readable } from '../base/readable.ts';
import type { StorageStatus } from './device-storage.ts';
import { createStorageRoom, type Room, type StorageRoom } from './storage-room.ts';

/** How a storage that keeps something is doing, put together from those who know a part of it. */
export interface StorageStatusParts {
  readonly readable: Readable<StorageStatus>;
  readonly room: StorageRoom;
  /** Reading or writing does not work now. */
  failing(error: KernelError): void;
  /** A transaction has committed. */
  wrote(): void;
  /** Undefined once there is nothing left to take over. */
  takingOver(progress: StorageStatus['takeover']): void;
  /** It is tried again; what is left stands in the old database, and is read there. */
  takeoverFailed(error: KernelError): void;
}

export function createStorageStatus(
  kind: 'kernel' | 'cojson-indexeddb',
  platform: Pick<Platform, 'clock' | 'storageManager'>,
): StorageStatusParts {
  const readable = createReadable<StorageStatus>({ kind, state: 'ok' }, isEqual);
  let room: Room = {};
  let failure: KernelError | undefined;
  let takeover: StorageStatus['takeover'];
  let takeoverFailure: KernelError | undefined;
  const storageRoom = createStorageRoom({
    manager: platform.storageManager,
    clock: platform.clock,
    told(told) {
      room = told;
      publish();
    },
  });
  storageRoom.look();

  function publish(): void {
    const error = failure ?? takeoverFailure;
    readable.set({
      kind,
      state: failure ? 'failing' : 'ok',
      ...room,
      ...(takeover && { takeover }),
      ...(error && { error }),
    });
  }

  return {
    readable,
    room: storageRoom,
    failing(error) {
      failure = error;
      publish();
    },
    wrote() {
      failure = undefined;
      publish();
      storageRoom.keep();
      storageRoom.look();
    },
    takingOver(progress) {
      takeover = progress;
      takeoverFailure = undefined;
      publish();
    },
    takeoverFailed(error) {
      takeoverFailure = error;
      publish();
    },
  };
}
