import { createWeakCache } from './weak-cache.ts';
import type { AppCalls } from './app-calls.ts';
import type { CollaborationParts } from './app-parts.ts';
import { createFiles } from './files/create-files.ts';
import { createNames } from './names/create-names.ts';
import { createPresence } from './presence/create-presence.ts';
import type { Presence } from './presence/presence-types.ts';
import { createAcceptInvite } from './sharing/accept-invite.ts';
import { createMemberList } from './sharing/member-list.ts';
import { createShare } from './sharing/share.ts';
import type { MemberList } from './sharing/sharing-types.ts';

/** The calls that are fetched at the first use of one of them. Lives as long as the session. */
export interface Collaboration extends Pick<AppCalls, 'share' | 'acceptInvite' | 'rename' | 'files'> {
  /** `id` is valid. */
  members(id: string): MemberList;
  /** `id` is valid. */
  presence(id: string): Presence;
  /** Rejects what is pending, and ends every subscription. */
  close(): void;
}

export function createCollaboration(parts: CollaborationParts): Collaboration {
  const ended = new AbortController();
  const files = createFiles(parts);
  const names = createNames(parts);
  const presences = createPresence(parts, names);

  /** The other members of the group get this account's name. */
  function introducing<A extends unknown[], R extends { readonly groupID: string }>(
    call: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      const result = await call(...args);
      names.introduce(result.groupID);
      return result;
    };
  }

  return {
    share: introducing(createShare(parts)),
    acceptInvite: introducing(createAcceptInvite(parts, ended.signal)),
    members: createWeakCache((id) => createMemberList(parts, id, { names, sessionEnd: ended.signal })),
    presence: presences.presence,
    rename: names.rename,
    files,
    close() {
      ended.abort();
      files.close();
      presences.close();
      names.close();
    },
  };
}
