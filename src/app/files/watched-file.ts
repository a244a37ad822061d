import type { RawCoID } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { createReadable, type Readable } from '../../base/readable.ts';
import type { FileState } from './files.ts';
import { followFile, type FileParts } from './follow-file.ts';
import { nothingYet } from './file-states.ts';

/** A file, loaded while something subscribes. */
export interface WatchedFile extends Readable<FileState> {
  /** Stops loading, and revokes the URL. */
  release(): void;
}

/** How long a file is kept for a next subscriber, such as the same component when it is rendered elsewhere. */
const keptMs = 1_000;

/** While it is followed, and for a while after the last subscription has ended, `followed` contains it. */
export function createWatchedFile(parts: FileParts, id: RawCoID, followed: Set<WatchedFile>): WatchedFile {
  const state = createReadable<FileState>(nothingYet, isEqual);
  let subscriptions = 0;
  let cancelRelease = () => {};
  let endFollowing: (() => void) | undefined;

  function release(): void {
    cancelRelease();
    endFollowing?.();
    endFollowing = undefined;
    state.set(nothingYet);
    followed.delete(file);
  }

  function unsubscribed(): void {
    subscriptions--;
    if (subscriptions === 0) cancelRelease = parts.clock.after(keptMs, release);
  }

  const file: WatchedFile = {
    get current() {
      return state.current;
    },
    subscribe(listener) {
      subscriptions++;
      cancelRelease();
      followed.add(file);
      endFollowing ??= followFile(parts, id, (next) => state.set(next));
      const end = state.subscribe(listener);
      let hasEnded = false;
      return () => {
        end();
        if (!hasEnded) unsubscribed();
        hasEnded = true;
      };
    },
    release,
  };
  return file;
}
