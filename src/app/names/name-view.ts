import type { LocalNode, RawAccountID, RawGroup } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Lane } from '../../base/pacer.ts';
import { callListener, type Readable } from '../../base/readable.ts';
import { asRole, memberRoleIn } from '../../engine/covalue-access.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { requestKernelsOwn } from '../../engine/load-request.ts';
import type { Profile } from '../app-calls.ts';
import type { ContentLimit } from '../content-limit.ts';
import { withGroupsAbove } from '../sharing/group-roles.ts';
import { nameIDsOf } from './name-headers.ts';
import { readName } from './name-in-group.ts';

/** The names that one list shows. Each is loaded once it is asked for. */
export interface NameView {
  /** The name of a member; undefined without one, or until it has arrived. Introduces this account to the group. */
  nameOf(group: RawGroup, accountID: string): string | undefined;
  close(): void;
}

interface FollowedName {
  name: string | undefined;
  stop(): void;
}

const minPauseMs = 100;

export function createNameView(options: {
  readonly node: LocalNode;
  /** Each member writes its own name. */
  readonly limit: Pick<ContentLimit, 'watch'>;
  readonly clock: Pick<Clock, 'after' | 'elapsedMs'>;
  readonly accountID: string;
  readonly profile: Readable<Profile>;
  /** Computing the ID of a name takes a while, and a group can have thousands of members. */
  readonly lane: Lane<() => void>;
  introduce(groupID: string): void;
  /**
   * `nameOf` may return something else. Called at most every 100 ms, and with pauses as long as the last call took, because names
   * arrive one by one.
   */
  changed(): void;
}): NameView {
  const { node, limit, clock, accountID: own, profile, lane, introduce, changed } = options;
  /** By group and account. */
  const names = new Map<string, FollowedName>();
  const introduced = new Set<string>();
  let isClosed = false;
  let cancelNotice: (() => void) | undefined;
  let resumesAtMs = clock.elapsedMs();
  const stopFollowing = profile.subscribe(notify);

  function notify(): void {
    cancelNotice ??= clock.after(Math.max(0, resumesAtMs - clock.elapsedMs()), () => {
      cancelNotice = undefined;
      const beganMs = clock.elapsedMs();
      callListener(changed, undefined);
      const endedMs = clock.elapsedMs();
      resumesAtMs = endedMs + Math.max(minPauseMs, endedMs - beganMs);
    });
  }

  function follow(groupID: string, accountID: string): FollowedName {
    let unsubscribe = () => {};
    const followed: FollowedName = { name: undefined, stop: () => unsubscribe() };
    lane.pushLater([
      () => {
        if (isClosed) return;
        const ids = nameIDsOf(node, groupID, accountID);
        const { mapID } = ids;
        for (const id of [mapID, ids.groupID]) limit.watch(id);
        unsubscribe = getOrCreateCoValue(node, mapID).subscribe(() => {
          const name = readName(getAvailableCoValue(node, mapID), accountID) || undefined;
          if (name === followed.name) return;
          followed.name = name;
          notify();
        });
        requestKernelsOwn(node, mapID);
      },
    ]);
    return followed;
  }

  function nameIn(groupID: string, accountID: string): string | undefined {
    const key = `${groupID}/${accountID}`;
    const followed = names.get(key) ?? follow(groupID, accountID);
    names.set(key, followed);
    return followed.name;
  }

  return {
    nameOf(group, accountID) {
      if (accountID === own) return profile.current.name;
      // Who comes back is introduced again.
      if (memberRoleIn(group) === undefined) introduced.delete(group.id);
      else if (!introduced.has(group.id)) {
        introduced.add(group.id);
        introduce(group.id);
      }
      // Not of those who are here only because everyone is.
      const giving = withGroupsAbove(group).filter((one) => asRole(one.get(accountID as RawAccountID)));
      if (giving.length === 0) return undefined;
      const found = [...new Set([group, ...giving])].map(({ id }) => nameIn(id, accountID));
      return found.find((name) => name !== undefined);
    },
    close() {
      isClosed = true;
      stopFollowing();
      cancelNotice?.();
      for (const followed of names.values()) followed.stop();
    },
  };
}
