import { createReadable } from '../base/readable.ts';
import { createWeakCache } from './weak-cache.ts';
import { invalidCoValueID } from '../engine/covalue-errors.ts';
import { isCoValueID } from '../wire/ids.ts';
import type { AppCalls, Profile, Target } from './app-calls.ts';
import type { AppParts } from './app-parts.ts';
import { createCollaborationFetch } from './fetch-collaboration.ts';
import { nothingYet } from './files/file-states.ts';
import { createLoads } from './loads/create-loads.ts';
import { createSearches } from './loads/create-searches.ts';
import { createLazyPresence, noPresenceYet } from './presence/lazy-presence.ts';
import { loadingMembers } from './sharing/loading-members.ts';
import type { MemberList } from './sharing/sharing-types.ts';
import { createWatching } from './watching/create-watching.ts';

/** Lives as long as the session. */
export interface OpenAppCalls {
  readonly calls: AppCalls;
  /** Fetches what the first use of some calls would fetch. */
  fetch(): Promise<unknown>;
  /** Rejects what is pending, and ends every subscription. */
  close(): void;
}

export function createAppCalls(parts: AppParts): OpenAppCalls {
  const searches = createSearches(parts);
  const loads = createLoads({ searches, clock: parts.clock });
  const watching = createWatching({ ...parts, searches });
  const profile = createReadable<Profile>({}, (one, other) => one.name === other.name);
  const { load } = loads;
  const { fetch, whenFetched, readable, close } = createCollaborationFetch({ ...parts, load, profile });

  const memberLists = createWeakCache((id): MemberList => {
    const list = readable(loadingMembers, (calls) => calls.members(id));
    return Object.assign(list, {
      remove: async (accountID: string) => (await fetch()).members(id).remove(accountID),
      setRole: async (...args: Parameters<MemberList['setRole']>) =>
        (await fetch()).members(id).setRole(...args),
    });
  });

  const presences = createWeakCache((id, keep) =>
    createLazyPresence(
      readable(noPresenceYet, (calls) => calls.presence(id)),
      async () => (await whenFetched()).presence(id),
      keep,
    ),
  );

  return {
    calls: {
      load,
      watch: watching.watch,
      watchAll: watching.watchAll,
      notCounted: (target) => watching.notCounted(validID(target)),
      share: async (...args) => (await fetch()).share(...args),
      acceptInvite: async (...args) => (await fetch()).acceptInvite(...args),
      profile: {
        get current() {
          return profile.current;
        },
        subscribe(listener) {
          void whenFetched();
          return profile.subscribe(listener);
        },
      },
      rename: async (...args) => (await fetch()).rename(...args),
      members: (target) => memberLists(validID(target)),
      presence: ((target) => presences(validID(target))) as AppCalls['presence'],
      files: {
        write: async (...args) => (await fetch()).files.write(...args),
        watch: createWeakCache((id) => readable(nothingYet, (calls) => calls.files.watch(id))),
        read: async (...args) => (await fetch()).files.read(...args),
      },
    },
    fetch,
    close() {
      loads.close();
      watching.close();
      close();
    },
  };
}

function validID(target: Target): string {
  const id: unknown = typeof target === 'string' ? target : target.id;
  if (!isCoValueID(id)) throw invalidCoValueID(id);
  return id;
}
