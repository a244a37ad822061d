import type { Change } from '../bus/change-log.ts';

/** Passes on what was committed in a namespace, by this relay and by others. */
export interface CommitNews {
  follow(follower: NewsFollower): () => void;
}

export interface NewsFollower {
  /** Content of these CoValues was committed. `pushedBy` names the client that pushed it over HTTP. */
  committed(ids: Iterable<string>, pushedBy: (id: string) => string | undefined): void;
  /** The log was read after notices may have been missed, and has this, most of it known. Undefined: anything may have changed. */
  logged(changes: readonly Change[] | undefined): void;
  /** What operators have forbidden has changed. */
  restricted(): void;
}

export function createCommitNews(): CommitNews & NewsFollower {
  const followers = new Set<NewsFollower>();
  return {
    follow(follower) {
      followers.add(follower);
      return () => void followers.delete(follower);
    },
    committed(...news) {
      for (const follower of followers) follower.committed(...news);
    },
    logged(changes) {
      for (const follower of followers) follower.logged(changes);
    },
    restricted() {
      for (const follower of followers) follower.restricted();
    },
  };
}
